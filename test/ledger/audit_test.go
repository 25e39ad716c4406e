package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

func listening(t *testing.T) (option, string) {
	address := "127.0.0.1:" + strconv.Itoa(freePort(t))
	return func(c *ledger.Config) { c.Listen = address }, "http://" + address
}

// get asks the ledger over HTTP; by nobody it is unsigned.
func (w *world) get(url string, by *site) (*http.Request, int, []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	w.must(err)
	if by != nil {
		w.must(seal.SignRequest(request, by.signing, by.id, hubID.Origin(), nil, w.now()))
	}
	status, body := w.do(request)
	return request, status, body
}

func (w *world) do(request *http.Request) (int, []byte) {
	w.t.Helper()
	response, err := http.DefaultClient.Do(request)
	w.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	w.must(err)
	if response.StatusCode >= http.StatusBadRequest && response.Header.Get("Content-Type") != "application/problem+json" {
		w.t.Errorf("%s: status %d is no problem+json", request.URL.Path, response.StatusCode)
	}
	return response.StatusCode, body
}

func TestAnAuditorCanJudgeATrailAgainOffline(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, _ := c.ask(shelter, shelter2)
	one.has(p.said[referral])
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	refused := one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	one.answer(refused)
	w.settled()

	status, body := w.read(url, "/v1/cases", w.agencies[auditor], events.ReadingCases, "")
	var list ledger.CasePage
	w.must(json.Unmarshal(body, &list))
	if status != http.StatusOK || len(list.Cases) != 1 || list.Cases[0].Case != c.id || list.Cases[0].Owner != police || list.Cases[0].Status != mou.StatusActive {
		t.Fatalf("cases: %d %s", status, body)
	}
	status, body = w.read(url, "/v1/cases/"+string(c.id)+"/trail", w.agencies[auditor], events.ReadingReplay, string(c.id))
	if status != http.StatusOK {
		t.Fatalf("trail: %d %s", status, body)
	}
	var trail ledger.Trail
	w.must(json.Unmarshal(body, &trail))
	if trail.Genesis != hexDigest(w.genesis) || trail.Hub != hubID || len(trail.Entries) != list.Cases[0].Entries {
		t.Errorf("the trail's identity or length is wrong: %s, %d entries", trail.Genesis, len(trail.Entries))
	}
	for _, e := range trail.Entries {
		if e.Record != nil && e.Data != nil {
			t.Error("the trail holds a sealed record")
		}
	}
	w.verifyTrail(trail)
}

// verifyTrail does what an auditor's tool does, trusting nothing but the pins.
func (w *world) verifyTrail(trail ledger.Trail) {
	w.t.Helper()
	profile, err := mou.LoadProfile(trail.Profile)
	w.must(err)
	m := &mou.Memorandum{Profile: profile, Directory: map[events.AgencyID]events.AgencyKind{}}
	for id, s := range w.agencies {
		m.Directory[id] = s.kind
	}
	c := m.NewCase("")
	refusals, erased := 0, 0
	for _, e := range append([]ledger.TrailEntry{trail.Founding}, trail.Entries...) {
		opening := tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}
		entry, _, err := w.verifier.VerifyEntry(e.Number, opening, e.Proof, trail.Checkpoint)
		w.must(err)
		switch {
		case entry.Verdict == tlog.Refused:
			refusals++
			continue
		case e.Number == 0:
			continue
		}
		event, err := entry.Event()
		w.must(err)
		w.must(seal.VerifyMaterial(entry.Attributes, entry.DataDigest, w.signerOf(event)))
		var facts events.Payload
		if e.Record != nil {
			facts = &events.Record{Header: *e.Record}
			if e.Erased > 0 {
				erased++
			}
		} else {
			if sha256.Sum256(e.Data) != entry.DataDigest {
				w.t.Errorf("entry %d: the facts are not those that were signed", e.Number)
			}
			facts, err = events.Decode(event.Type, e.Data)
			w.must(err)
		}
		c, err = c.Apply(mou.Act{Number: e.Number, Event: event, Payload: facts}, entry.Admitted)
		w.must(err)
	}
	folded, err := c.MarshalJSON()
	w.must(err)
	if string(folded) != string(trail.State) {
		w.t.Error("the fold of the trail is not the state that the ledger stores")
	}
	if refusals != 1 || erased != 1 {
		w.t.Errorf("%d refusals and %d erased records in the trail, want one of each", refusals, erased)
	}
}

func TestOnlyAuditorsReadTrailsAndEachRequestCountsOnce(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	replay := fmt.Sprint("?reading=", w.reading(url, w.agencies[auditor], events.ReadingReplay, string(c.id)))
	trail, unknown := url+"/v1/cases/"+string(c.id)+"/trail"+replay, w.uuid()
	stranger := &site{w: w, id: auditor}
	var err error
	stranger.signing, err = seal.NewSigningKey(zeroes{})
	w.must(err)
	for _, try := range []struct {
		what string
		url  string
		by   *site
		want int
	}{
		{"nobody", trail, nil, http.StatusUnauthorized},
		{"an agency", trail, w.agencies[police], http.StatusForbidden},
		{"a key that is not listed", trail, stranger, http.StatusUnauthorized},
		{"the auditor", trail, w.agencies[auditor], http.StatusOK},
		{"the auditor, without a reading", strings.TrimSuffix(trail, replay), w.agencies[auditor], http.StatusForbidden},
		{"the auditor, of another case than it reads", url + "/v1/cases/" + unknown + "/trail" + replay, w.agencies[auditor], http.StatusForbidden},
		{"the auditor, of no case", fmt.Sprint(url, "/v1/cases/", unknown, "/trail?reading=", w.reading(url, w.agencies[auditor], events.ReadingReplay, unknown)), w.agencies[auditor], http.StatusNotFound},
		{"the auditor, of nonsense", url + "/v1/cases/x/trail" + replay, w.agencies[auditor], http.StatusForbidden},
		{"the auditor, of the log", url + "/v1/tlog/checkpoint", w.agencies[auditor], http.StatusOK},
		{"anyone, of nothing", url + "/v2", nil, http.StatusNotFound},
	} {
		if _, status, body := w.get(try.url, try.by); status != try.want {
			t.Errorf("%s got %d, want %d: %s", try.what, status, try.want, body)
		}
	}
	request, status, _ := w.get(trail, w.agencies[auditor])
	again, _ := w.do(request)
	if status != http.StatusOK || again != http.StatusUnauthorized {
		t.Errorf("the same request was answered %d and then %d", status, again)
	}
}

func TestTheDoctorSaysHowTheHubIsAndNothingOfAnyCase(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	_, status, body := w.get(url+"/v1/doctor", nil)
	var d ledger.Doctor
	w.must(json.Unmarshal(body, &d))
	if status != http.StatusOK || !d.Active || !d.Broker || !d.Founded || d.Witnessed || d.Size != 4 || d.Agencies[police].Assigned != 4 {
		t.Errorf("doctor: %d %s", status, body)
	}
	if strings.Contains(string(body), string(c.id)) {
		t.Error("the doctor names a case")
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if _, status, body := w.get(url+path, nil); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	w.stop()
}
