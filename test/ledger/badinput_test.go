package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// stranger is somebody with a key of its own who calls itself an agency of the directory.
func (w *world) stranger(as events.AgencyID) *site {
	w.t.Helper()
	key, err := seal.NewSigningKey(zeroes{})
	w.must(err)
	return &site{w: w, id: as, signing: key}
}

// refusal is a problem as the ledger answers it.
func (w *world) problem(method, url, body string, by *site) ledger.Problem {
	w.t.Helper()
	status, answer := w.ask(method, url, body, by)
	var p ledger.Problem
	if err := json.Unmarshal(answer, &p); err != nil || p.Status != status {
		w.t.Errorf("%s %.120s is answered %d %.200s, which is no problem of that status", method, url, status, answer)
	}
	return p
}

// clear checks that a problem says in words what was wrong, and nothing of how
// the ledger is made.
func (w *world) clear(what string, p ledger.Problem, status int, rule string) {
	w.t.Helper()
	if p.Status != status || rule != "" && p.Type != "urn:handrail:problem:"+rule {
		w.t.Errorf("%s: answered %d %s (%s), want %d %s", what, p.Status, p.Type, p.Detail, status, rule)
	}
	if len(p.Detail) < 20 || strings.ContainsAny(p.Detail, "{}\n") || strings.Contains(p.Detail, "SQLSTATE") || strings.Contains(p.Detail, "goroutine") || strings.Contains(p.Detail, ".go:") {
		w.t.Errorf("%s: %q does not say what was wrong", what, p.Detail)
	}
}

// malformedTiles are paths of no tile of any log.
func malformedTiles() []string {
	return []string{
		"tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/0x0", "tile/0/x001", "tile/0/x000/001", "tile/0/000/000", "tile/0/x001/1",
		"tile/00/000", "tile/+1/000", "tile/-1/000", "tile/64/000", "tile/256/000", "tile/18446744073709551616/000", "tile/1e0/000", "tile/a/000", "tile/0/-01", "tile/0/+01",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.5", "tile/0/000.p/999999999999999999999",
		"tile/0/000.P/1", "tile/0/000.q/1", "tile/0/000.p.p/1", "tile/0/x000.p/1", "tile/0/%30%30%30x", "tile/0/000%00", "tile/0/٠٠٠", "tile/0/000.p/１", "tile/0/ 00", "tile/0/000%20", "tile/0/000;x",
		"tile/0/" + strings.Repeat("x999/", 6) + "999", "tile/0/" + strings.Repeat("x001/", 500) + "001", "tile/entries", "tile/entries/0", "tile/entries/x000/000", "tile/entries/000.p/256", "tile/entries/000.p/0", "tile/entries/-01",
		"tile/data/000", "tile/8/0/000", "tile/0/x999/x999/x999/x999/x999/x999/999",
	}
}

// absentTiles are well-formed paths of what the log does not have (yet).
func absentTiles() []string {
	return []string{
		"tile/0/001", "tile/0/000", "tile/0/000.p/255", "tile/0/001.p/1", "tile/1/000", "tile/1/000.p/1", "tile/0/x001/067", "tile/0/x999/x999/x999/999", "tile/63/000", "tile/63/000.p/1",
		"tile/entries/000", "tile/entries/000.p/255", "tile/entries/001", "tile/entries/x001/067.p/3",
	}
}

// TestABadRequestForATileGetsAClearAnswer, on both ways in, and never an empty tile.
func TestABadRequestForATileGetsAClearAnswer(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	w.open()
	for way, by := range map[string]*site{"/tlog/": nil, "/v1/tlog/": w.agencies[shelter]} {
		for _, path := range malformedTiles() {
			p := w.problem(http.MethodGet, url+way+path, "", by)
			if p.Status == http.StatusNotFound && !strings.HasPrefix(path, "tile/0") && !strings.HasPrefix(path, "tile/entries") {
				continue // it is not even of the form of a tile
			}
			w.clear(way+path, p, http.StatusBadRequest, "")
		}
		for _, path := range absentTiles() {
			w.clear(way+path, w.problem(http.MethodGet, url+way+path, "", by), http.StatusNotFound, "")
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
			status, _ := w.ask(method, url+way+"checkpoint", "", by)
			if status != http.StatusMethodNotAllowed && status != http.StatusNotFound {
				t.Errorf("%s of the checkpoint is answered %d", method, status)
			}
		}
		if status, body := w.ask(http.MethodGet, url+way+"tile/0/000.p/1", "", by); status != http.StatusOK || len(body) != 32 {
			t.Errorf("%stile/0/000.p/1 is answered %d with %d bytes", way, status, len(body))
		}
	}
}

// TestOnlyPartiesOfTheDirectoryGetWhatIsNotPublicYet.
func TestOnlyPartiesOfTheDirectoryGetWhatIsNotPublicYet(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	for _, path := range []string{"/v1/tlog/checkpoint", "/v1/tlog/tile/0/000.p/2", "/v1/tlog/tile/entries/000.p/2", "/v1/entries/1/proof"} {
		for name, by := range map[string]*site{"nobody": nil, "a stranger as the police": w.stranger(police), "a stranger as nobody": w.stranger("testland-nobody"), "a stranger as the hub": w.stranger(events.HubAgency)} {
			p := w.problem(http.MethodGet, url+path, "", by)
			w.clear(name+" asks for "+path, p, http.StatusUnauthorized, "")
		}
		w.clear("a signature for another hub: "+path, w.signedFor(url+path, w.agencies[police], "handrail/elsewhere", w.now()), http.StatusUnauthorized, "")
		w.clear("a request of tomorrow: "+path, w.signedFor(url+path, w.agencies[police], hubID.Origin(), w.now().Add(24*time.Hour)), http.StatusUnauthorized, string(events.RuleTimeAhead))
		w.clear("a request of yesterday: "+path, w.signedFor(url+path, w.agencies[police], hubID.Origin(), w.now().Add(-24*time.Hour)), http.StatusUnauthorized, string(events.RuleTimeAhead))
	}
	// What the public gets before an hour is over says nothing of the case.
	status, body := w.ask(http.MethodGet, url+"/tlog/checkpoint", "", nil)
	if lines := strings.Split(string(body), "\n"); status != http.StatusOK || len(lines) < 3 || lines[1] != "1" {
		t.Errorf("the public checkpoint is %d %q", status, body)
	}
	w.clear("the public asks for what is not public", w.problem(http.MethodGet, url+"/tlog/tile/0/000.p/2", "", nil), http.StatusNotFound, "")
	_ = c
}

// signedFor asks with a signature for another hub, or of another time.
func (w *world) signedFor(url string, by *site, origin string, at time.Time) ledger.Problem {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	w.must(err)
	w.must(seal.SignRequest(request, by.signing, by.id, origin, nil, at))
	status, answer := w.do(request)
	var p ledger.Problem
	if err := json.Unmarshal(answer, &p); err != nil || p.Status != status {
		w.t.Errorf("%s is answered %d %.200s", url, status, answer)
	}
	return p
}

// TestAnAuditorsBadRequestGetsAClearAnswer.
func TestAnAuditorsBadRequestGetsAClearAnswer(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	me := w.agencies[auditor]
	about := string(c.id)
	for body, status := range map[string]int{
		"": 400, "{}": 400, "null": 400, "[]": 400, `"cases"`: 400, `{"what":"cases"`: 400, `{"what":"cases"} `: 201, `{"what":"cases"}{"what":"log"}`: 400,
		`{"what":"cases","what":"log"}`: 400, `{"What":"cases"}`: 400, `{"what":"glance"}`: 400, `{"what":""}`: 400, `{"what":1}`: 400, `{"what":null}`: 400, `{"what":"cases","note":"x"}`: 400,
		`{"what":"cases","approved":"` + auditor2 + `"}`: 400, `{"what":"cases","case":"` + about + `"}`: 400, `{"what":"log","agency":"` + string(police) + `"}`: 400,
		`{"what":"replay"}`: 400, `{"what":"export"}`: 400, `{"what":"replay","case":"x"}`: 400, `{"what":"replay","case":"` + strings.ToUpper(about) + `"}`: 400, `{"what":"replay","case":"` + about + `","agency":"` + string(police) + `"}`: 400,
		`{"what":"completeness"}`: 400, `{"what":"completeness","agency":"Police"}`: 400, `{"what":"completeness","agency":"testland-nobody"}`: 404, `{"what":"completeness","agency":"` + string(auditor) + `"}`: 404,
		"\xff": 400, `{"what":"\ud800"}`: 400, strings.Repeat("[", 1000): 400, `{"what":"` + strings.Repeat("x", 3000) + `"}`: 400,
	} {
		got, answer := w.ask(http.MethodPost, url+"/v1/readings", body, me)
		if got != status {
			t.Errorf("%.60q is answered %d %s, want %d", body, got, answer, status)
		}
	}
	w.clear("a body of 5 KB", w.problem(http.MethodPost, url+"/v1/readings", strings.Repeat(" ", 5<<10), me), http.StatusRequestEntityTooLarge, "")
	w.clear("an agency that wants to read", w.problem(http.MethodPost, url+"/v1/readings", `{"what":"cases"}`, w.agencies[police]), http.StatusForbidden, "power")
	w.badNumbers(url, me, about)
	w.otherReadings(url, me, about)
}

// auditor2 is an auditor that no directory lists.
const auditor2 = "testland-audit-two"

// badNumbers asks for pages and entries by numbers that are none, of the future or endless.
func (w *world) badNumbers(url string, me *site, about string) {
	w.t.Helper()
	numbers := []string{"-1", "+1", "01", "1.0", "1e3", " 1", "0x10", "x", "18446744073709551616", "99999999999999999999999", strings.Repeat("9", 300), "%00", "1%0a", "٣"}
	log := fmt.Sprint("reading=", w.reading(url, me, events.ReadingLog, ""))
	of := fmt.Sprint("reading=", w.reading(url, me, events.ReadingCompleteness, string(police)))
	for _, n := range numbers {
		for what, asked := range map[string]string{
			"from": "/v1/log/entries?" + log + "&from=" + n, "limit of entries": "/v1/log/entries?" + log + "&from=0&limit=" + n, "to": "/v1/log/entries?" + log + "&from=0&to=" + n,
			"limit of cases": "/v1/log/cases?" + log + "&limit=" + n, "after of deliveries": "/v1/agencies/" + string(police) + "/deliveries?" + of + "&after=" + n,
			"limit of submissions": "/v1/agencies/" + string(police) + "/submissions?" + of + "&limit=" + n,
		} {
			p := w.problem(http.MethodGet, url+strings.ReplaceAll(asked, " ", "%20"), "", me)
			w.clear(fmt.Sprintf("%s %.30q", what, n), p, http.StatusBadRequest, "")
		}
		escaped := strings.ReplaceAll(n, " ", "%20")
		p := w.problem(http.MethodGet, url+"/v1/cases?reading="+escaped, "", me)
		w.clear(fmt.Sprintf("reading %.30q", n), p, http.StatusForbidden, "reading-unrecorded")
		p = w.problem(http.MethodGet, url+"/v1/entries/"+escaped+"/proof", "", me)
		w.clear(fmt.Sprintf("proof of %.30q", n), p, http.StatusBadRequest, "")
	}
	for what, asked := range map[string]string{
		"a case that is none":            "/v1/log/cases?" + log + "&after=x",
		"a case in capitals":             "/v1/log/cases?" + log + "&after=" + strings.ToUpper(about),
		"a submission that is none":      "/v1/agencies/" + string(police) + "/submissions?" + of + "&after=x",
		"a limit of nothing":             "/v1/log/entries?" + log + "&from=0&limit=0",
		"more deliveries than a page is": "/v1/agencies/" + string(police) + "/deliveries?" + of + "&limit=1000000",
	} {
		if p := w.problem(http.MethodGet, url+asked, "", me); p.Status != http.StatusBadRequest {
			w.t.Errorf("%s is answered %d %s", what, p.Status, p.Detail)
		}
	}
	// Of the future: nothing is there, which is no error.
	if status, answer := w.ask(http.MethodGet, url+"/v1/log/entries?"+log+"&from=1000000", "", me); status != http.StatusOK || len(answer) > 64 {
		w.t.Errorf("entries of the future are answered %d with %d bytes", status, len(answer))
	}
	w.clear("the proof of an entry of the future", w.problem(http.MethodGet, url+"/v1/entries/1000000/proof", "", w.agencies[police]), http.StatusNotFound, "")
}

// otherReadings shows readings that are not for what is asked.
func (w *world) otherReadings(url string, me *site, about string) {
	w.t.Helper()
	cases, replay := w.reading(url, me, events.ReadingCases, ""), w.reading(url, me, events.ReadingReplay, about)
	completeness := w.reading(url, me, events.ReadingCompleteness, string(police))
	for what, asked := range map[string]string{
		"a list of cases for a trail":          fmt.Sprint("/v1/cases/", about, "/trail?reading=", cases),
		"a trail for the list of cases":        fmt.Sprint("/v1/cases?reading=", replay),
		"a trail for the log":                  fmt.Sprint("/v1/log/entries?from=0&reading=", replay),
		"a trail of one case for another":      fmt.Sprint("/v1/cases/", w.uuid(), "/trail?reading=", replay),
		"one agency's deliveries for others'":  fmt.Sprint("/v1/agencies/", shelter, "/deliveries?reading=", completeness),
		"an entry that is no reading":          "/v1/cases?reading=0",
		"a reading that is still to come":      "/v1/cases?reading=1000000",
		"no reading":                           "/v1/cases",
		"an empty reading":                     "/v1/cases?reading=",
		"a reading by another name":            fmt.Sprint("/v1/cases?Reading=", cases),
		"a referral under a trail":             fmt.Sprint("/v1/referrals/", w.uuid(), "?reading=", replay),
		"all cases of the log under a trail":   fmt.Sprint("/v1/log/cases?reading=", replay),
		"an agency's submissions under a case": fmt.Sprint("/v1/agencies/", police, "/submissions?reading=", replay),
	} {
		w.clear(what, w.problem(http.MethodGet, url+asked, "", me), http.StatusForbidden, "reading-unrecorded")
	}
	w.clear("a referral of nothing", w.problem(http.MethodGet, fmt.Sprint(url, "/v1/referrals/", w.uuid(), "?reading=", cases), "", me), http.StatusNotFound, "")
	if p := w.problem(http.MethodGet, fmt.Sprint(url, "/v1/referrals/x?reading=", cases), "", me); p.Status != http.StatusBadRequest && p.Status != http.StatusNotFound {
		w.t.Errorf("a referral that is none is answered %d", p.Status)
	}
}

// TestHugeRequestsAreTurnedAway before anybody works on them.
func TestHugeRequestsAreTurnedAway(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	for what, change := range map[string]func(*http.Request){
		"a header of 64 KB":    func(r *http.Request) { r.Header.Set("Authorization", "Handrail "+strings.Repeat("a", 64<<10)) },
		"an approval of 64 KB": func(r *http.Request) { r.Header.Set(seal.ApprovalHeader, strings.Repeat("a", 64<<10)) },
		"a thousand headers": func(r *http.Request) {
			for i := range 2000 {
				r.Header.Set(fmt.Sprint("X-", i), "aaaaaaaaaaaa")
			}
		},
		"a path of 64 KB": func(r *http.Request) { r.URL.Path = "/tlog/tile/0/" + strings.Repeat("x", 64<<10) },
		"a body of 8 MB": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, 8<<20))), 8<<20
		},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/readings", nil)
		w.must(err)
		change(request)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			continue // the ledger hung up, as it may
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		w.must(response.Body.Close())
		if response.StatusCode < 400 || response.StatusCode >= 500 {
			t.Errorf("%s is answered %d", what, response.StatusCode)
		}
	}
	if status, body := w.ask(http.MethodGet, url+"/healthz", "", nil); status != http.StatusOK {
		t.Errorf("afterwards the ledger is %d %s", status, body)
	}
}
