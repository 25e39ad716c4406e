package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"handrail/services/web/access"
)

// heartbeat keeps a stream's connection from being cut by what lies between.
const heartbeat = 20 * time.Second

// pace is the shortest time between two events of a stream: while an agency catches up
// there is something new all the time.
const pace = 200 * time.Millisecond

// Stream is a page's live part. It gives the newest position now and a channel
// that is closed when there is a newer one.
type Stream struct {
	// Position is the newest one, and a channel that is closed by the next.
	Position func() (uint64, <-chan struct{})
	// Part is what the page shows at a position.
	Part func(v *Visit) (Show, error)
	// Fresh is after how long the part is sent again under the same position, because it
	// says how much time is left; 0: only when something changed.
	Fresh time.Duration
}

// Live registers a stream of server-sent events: each is the whole live part of the
// page, under the position that it shows. Whoever comes back with Last-Event-ID is
// told at once if there is anything newer, and nothing if there is not. It ends with
// the visitor, or when they are signed in no longer: then the event ended is sent, at
// which the page is loaded anew; likewise when the part is refused to them, because
// they may not see it any more. One person follows at most [mostStreams] of a site at
// once; one more is refused, and that page stays as it was loaded. Whoever may not follow is not led to sign in, because
// it is not a page that asks: the browser would ask again and again.
func (s *Site) Live(pattern string, act access.Act, open func(v *Visit) (Stream, error)) {
	if access.NeedOf(act).Roles == nil {
		panic(fmt.Sprintf("the stream %s is an act without a row in the access table: %s", pattern, act))
	}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		switch access.May(v.Person, s.config.Agency, act, nil, v.Now) {
		case access.Allowed:
		case access.NotSignedIn, access.ProveAgain:
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
			return
		default:
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		if !s.streams.enter(v.Person.Code) {
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		defer s.streams.leave(v.Person.Code)
		v.serve(func(v *Visit) (Answer, error) { //nolint:contextcheck // a visit brings its own
			stream, err := open(v)
			if err != nil {
				return nil, err
			}
			return nil, v.follow(stream, act)
		})
	})
}

// OpenLive is Live for whoever comes, signed in or not.
func (s *Site) OpenLive(pattern string, open func(v *Visit) (Stream, error)) {
	s.Open(pattern, func(v *Visit) (Answer, error) {
		stream, err := open(v)
		if err != nil {
			return nil, err
		}
		return nil, v.follow(stream, "")
	})
}

func (v *Visit) follow(stream Stream, act access.Act) error {
	control := http.NewResponseController(v.w)
	if err := errors.Join(control.SetWriteDeadline(time.Time{}), control.SetReadDeadline(time.Time{})); err != nil {
		return fmt.Errorf("keeping a stream open: %w", err)
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no")
	v.w.WriteHeader(http.StatusOK)
	shown, resumed := uint64(0), false
	if last := v.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 64)
		shown, resumed = n, err == nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var fresh <-chan time.Time
	if stream.Fresh > 0 {
		again := time.NewTicker(stream.Fresh)
		defer again.Stop()
		fresh = again.C
	}
	stale := false // shown under this position already, and other by now
	for {
		position, next := stream.Position()
		if !resumed || stale || position != shown {
			if err := v.send(stream, position); err != nil {
				if _, refused := errors.AsType[denial](err); refused {
					v.ended()
				}
				return nil //nolint:nilerr // the stream has begun: hanging up makes the browser come back
			}
			shown, resumed = position, true
		} else if _, err := fmt.Fprint(v.w, ": here\n\n"); err != nil {
			return nil //nolint:nilerr // whoever hung up needs no answer
		}
		if control.Flush() != nil {
			return nil
		}
		rested := time.After(pace)
		select {
		case <-v.Context().Done():
			return nil
		case <-next:
			stale = true
			<-rested
		case <-fresh:
			stale = true
		case <-beat.C:
			stale = false
		}
		v.Now, v.Person = v.site.config.Now(), v.site.config.Who(v.Request)
		if act != "" && access.May(v.Person, v.site.config.Agency, act, nil, v.Now) != access.Allowed {
			v.ended()
			return nil
		}
	}
}

// ended tells a page that its stream is over, so that it is loaded anew.
func (v *Visit) ended() {
	_, _ = fmt.Fprint(v.w, "event: ended\ndata: ended\n\n") // whoever hung up needs no answer
}

// send writes the live part under its position.
func (v *Visit) send(stream Stream, position uint64) error {
	page, err := stream.Part(v)
	if err != nil {
		return err
	}
	page.Part = true
	var text bytes.Buffer
	if err := v.site.render(&text, v, page); err != nil {
		v.site.log.ErrorContext(v.Context(), "a live part failed", slog.Any("error", err), slog.String("route", v.Pattern))
		return err
	}
	lines := strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "\ndata: ")
	if _, err := fmt.Fprintf(v.w, "id: %d\ndata: %s\n\n", position, lines); err != nil {
		return fmt.Errorf("sending a live part: %w", err)
	}
	return nil
}
