package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

const pause = 60 * time.Millisecond

// until tries until it works, for at most as long as the settings say.
func until(ctx context.Context, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, chosen.wait)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil || refused(err) != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, err)
		case <-time.After(pause):
		}
	}
}

// refused is the service's own no; nil for an outcome that is unknown, or for
// what passes by itself.
func refused(err error) *client.ProblemError {
	var problem *client.ProblemError
	if errors.As(err, &problem) && problem.Status != http.StatusServiceUnavailable {
		return problem
	}
	return nil
}

// desk is one agency's service as its people and systems use it while it, or
// the hub behind it, may be away at any moment.
type desk struct {
	id     events.AgencyID
	people *client.Client
	system *client.Client

	outbox sync.Mutex // held while it is read: it is long, and after a fault everybody wants to read it at once
}

// statement is what /v1/say takes.
type statement struct {
	Case     events.CaseID     `json:"case"`
	Type     string            `json:"type"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Data     any               `json:"data,omitzero"`
}

// say says something once, as people do: /v1/say takes no id, so when the
// service went away before it answered, the outbox tells whether it was said. A
// case has one statement of a type by one agency at a time here.
func (d *desk) say(ctx context.Context, s statement) error {
	return d.once(ctx, "/v1/say", s, s.Case, s.Type)
}

// once posts what says something of a type in a case, in the same way.
func (d *desk) once(ctx context.Context, path string, body any, of events.CaseID, says string) error {
	begun := time.Now().Add(-time.Millisecond)
	unknown := false
	return until(ctx, string(d.id)+" says "+says, func(ctx context.Context) error {
		if unknown {
			said, err := d.saidSince(ctx, of, says, begun)
			if said || err != nil {
				return err
			}
		}
		err := d.people.Post(ctx, path, body, nil)
		unknown = unknown || !neverSent(err)
		return err
	})
}

// neverSent says whether nobody was there to be asked.
func neverSent(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

func (d *desk) saidSince(ctx context.Context, of events.CaseID, says string, begun time.Time) (bool, error) {
	d.outbox.Lock()
	defer d.outbox.Unlock()
	var out agency.OutboxView
	if err := d.people.Get(ctx, "/v1/outbox", &out); err != nil {
		return false, err
	}
	return slices.ContainsFunc(out.Said, func(v agency.SaidView) bool {
		return v.Case == of && v.Type == says && v.Stored.After(begun)
	}), nil
}

// systemEvent is what /v1/events takes: with an id of its own, so that it can be
// sent again blindly.
type systemEvent struct {
	ID       events.EventID    `json:"id"`
	Type     events.Type       `json:"type"`
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Data     any               `json:"data"`
}

// send says something as one of the agency's systems, unchecked. An id that is
// used already means that an earlier attempt succeeded.
func (d *desk) send(ctx context.Context, e systemEvent) error {
	unknown := false
	return until(ctx, string(d.id)+" sends "+string(e.Type), func(ctx context.Context) error {
		err := d.system.Post(ctx, "/v1/events", e, nil)
		if p := refused(err); p != nil && unknown && p.Rule == string(events.RuleIDReused) {
			return nil
		}
		unknown = unknown || !neverSent(err)
		return err
	})
}

// file posts a form until it is taken: the same form is the same case.
func (d *desk) file(ctx context.Context, form []byte) (agency.Filed, error) {
	var filed agency.Filed
	err := until(ctx, string(d.id)+" files a form", func(ctx context.Context) error {
		return d.system.Post(ctx, "/v1/intake/uk-nrm", form, &filed)
	})
	return filed, err
}

// answer answers a task of a case. A task that is gone after an attempt of which
// nobody heard was answered by it.
func (d *desk) answer(ctx context.Context, of events.CaseID, kind agency.TaskKind, words ...string) error {
	unknown := false
	return until(ctx, string(d.id)+" answers "+string(kind), func(ctx context.Context) error {
		tasks, err := d.people.Tasks(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(tasks, func(t agency.Task) bool { return t.Case == of && t.Kind == kind })
		switch {
		case i < 0 && unknown:
			return nil
		case i < 0 || !tasks[i].Ready:
			return errors.New("the task is not there to be answered")
		}
		_, err = d.people.Answer(ctx, tasks[i], words)
		unknown = unknown || !neverSent(err)
		return err
	})
}

// file of a case as the desk shows it.
func (d *desk) show(ctx context.Context, id events.CaseID) (agency.CaseView, error) {
	var view agency.CaseView
	return view, d.people.Get(ctx, casePath(id), &view)
}

// holds waits until the agency has an admitted statement of a type.
func (d *desk) holds(ctx context.Context, id events.CaseID, name string, by events.AgencyID) error {
	return until(ctx, string(d.id)+" holds "+name, func(ctx context.Context) error {
		view, err := d.show(ctx, id)
		if p := refused(err); p != nil && p.Status == http.StatusNotFound {
			return errors.New("the case is not known there")
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(view.Trail, func(l agency.Line) bool { return l.Type == name && l.By == by && !l.Waiting }) {
			return errors.New("it is not in the case")
		}
		return nil
	})
}

// sections lists what is sealed to the agency in a case.
func (d *desk) sections(ctx context.Context, id events.CaseID) ([]agency.SectionView, error) {
	return client.List[agency.SectionView](ctx, d.people, casePath(id)+"/sections", "sections")
}

// mayRead waits until some section can be opened.
func (d *desk) mayRead(ctx context.Context, id events.CaseID, count int) error {
	return until(ctx, string(d.id)+" may read", func(ctx context.Context) error {
		all, err := d.sections(ctx, id)
		if err != nil {
			return err
		}
		open := 0
		for _, s := range all {
			if s.Open {
				open++
			}
		}
		if open < count {
			return fmt.Errorf("%d sections are released", open)
		}
		return nil
	})
}

func casePath(id events.CaseID) string { return "/v1/cases/" + url.PathEscape(string(id)) }
