package start

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"handrail/deploy/local"
	"handrail/deploy/local/story"
)

// page is the start page of a hub that is set up and not started.
func page(t *testing.T) (*Page, local.Directions) {
	t.Helper()
	at := local.Layout{Root: t.TempDir()}
	founding := story.Founding("")
	Invite(&founding)
	if err := local.Enrol(t.Context(), at, founding); err != nil {
		t.Fatal(err)
	}
	if _, err := New(at, nil); err == nil {
		t.Error("a hub without pages has a start page")
	}
	if err := local.ServePages(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	p, err := New(at, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	directions, err := at.Directions()
	if err != nil {
		t.Fatal(err)
	}
	return p, directions
}

func get(t *testing.T, p *Page, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	p.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s is answered %d: %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func TestEverybodyOfTheCastCanBeBeen(t *testing.T) {
	p, directions := page(t)
	text := get(t, p, "/")
	for _, who := range Cast() {
		link := directions.PagesOf(who.Agency) + "/sign-in/provider?back=%2F&amp;hint=" + who.Code
		if !strings.Contains(text, `href="`+link+`"`) {
			t.Errorf("there is no link for %s at %s", who.Code, who.Agency)
		}
		if len(who.Roles) == 0 || Find(who.Agency, who.Code).Roles == nil {
			t.Errorf("%s at %s has no role", who.Code, who.Agency)
		}
	}
	if steps := strings.Count(text, `class="start-number"`); steps != 4 {
		t.Errorf("the path has %d steps", steps)
	}
}

func TestThePageFollowsWhatIsRunning(t *testing.T) {
	p, directions := page(t)
	before, next := p.services.position()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", directions.Broker)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p.services.look(context.Background())
	<-next
	after, _ := p.services.position()
	all, down := p.services.now()
	if after != before+1 || !all[0].Up || all[1].Up || down != len(all)-1 {
		t.Errorf("position %d after %d, services %+v", after, before, all)
	}
	if text := get(t, p, "/"); strings.Count(text, `data-color="success"`) != 1 {
		t.Error("the page does not show that the broker is up")
	}
}
