package agency

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
)

// asks puts a request to routes without a socket: "GET /path".
func asks(routes http.Handler, what, body string) (int, string) {
	method, path, _ := strings.Cut(what, " ")
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	w := &deadlines{httptest.NewRecorder()}
	routes.ServeHTTP(w, request)
	return w.Code, w.Body.String()
}

// deadlines is a recorder that takes deadlines, as a connection does.
type deadlines struct{ *httptest.ResponseRecorder }

func (*deadlines) SetWriteDeadline(time.Time) error { return nil }

// proves makes the ledger give proofs of deliveries' entries, at the log as it is.
func (h *httpLedger) proves(deliveries map[uint64]tlog.Delivery, cosign ...tlog.WitnessKey) {
	log := h.log
	signed, size := log.checkpoint(), log.tree.Size()
	verifier, err := h.l.config().verifier()
	h.l.must(err)
	for _, key := range cosign {
		signed, err = key.Cosign(signed, verifier.Log, time.Now())
		h.l.must(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.proof = func(number uint64) []byte {
		d, known := deliveries[number]
		if !known {
			return nil
		}
		path, err := tlog.Prove(size, number, log.read)
		h.l.must(err)
		return tlog.NewProof(number, d.Opening(), path, signed).Marshal()
	}
}

func TestAProofOnRequestIsVerifiedAgainstEverythingThatIsKnown(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	l.grows(300)
	opened, _ := l.refer(newCaseID(t))
	m := l.delivers(opened)
	l.gives(a, m)
	l.grows(20)
	d, err := parseDelivery(m)
	l.must(err)
	served.proves(map[uint64]tlog.Delivery{d.Entry: d}, l.senderKey, a.keys.Cosigner())
	number := strconv.FormatUint(d.Entry, 10)

	view, err := a.Proof(t.Context(), number)
	if err != nil || view.Connected || !view.Cosigned.Enough || view.Entry != d.Entry {
		t.Fatalf("%+v, %v", view, err)
	}
	l.grows(5)
	l.cosigns(a, at(1))
	for _, of := range []string{number, string(opened.ID)} {
		if view, err = a.Proof(t.Context(), of); err != nil || !view.Connected || view.Size != 322 {
			t.Errorf("%s: %+v, %v", of, view, err)
		}
	}
	proof, err := tlog.ParseProof(view.Proof)
	l.must(err)
	if _, _, err := a.verifier.VerifyProof(proof); err != nil {
		t.Error(err)
	}
	if _, err := a.Proof(t.Context(), "5"); ruleOf(err) != RuleEntryUnknown {
		t.Errorf("an entry of others: %v", err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"a flipped bit": func(b []byte) []byte { c := bytes.Clone(b); c[len(c)/2] ^= 1; return c },
		"cut off":       func(b []byte) []byte { return b[:len(b)/2] },
		"nothing":       func([]byte) []byte { return []byte{} },
	} {
		served.lies(func(path string, answer []byte) []byte {
			if strings.HasSuffix(path, "/proof") {
				return spoil(answer)
			}
			return answer
		})
		if _, err := a.Proof(t.Context(), number); ruleOf(err) != RuleProofFalse {
			t.Errorf("%s: %v", name, err)
		}
	}
	served.lies(func(string, []byte) []byte { return make([]byte, 1<<20) })
	if _, err := a.Proof(t.Context(), number); ruleOf(err) != RuleHubAway {
		t.Errorf("a huge answer: %v", err)
	}
}

func TestAProofOfAnotherLogIsAFork(t *testing.T) {
	l := newLog(t)
	served := l.serves()
	a := l.joined()
	opened, _ := l.refer(newCaseID(t))
	m := l.delivers(opened)
	l.gives(a, m)
	d, err := parseDelivery(m)
	l.must(err)
	fork := l.forks()
	l.grows(5)
	l.cosigns(a, at(1))
	served.log = fork
	served.proves(map[uint64]tlog.Delivery{d.Entry: d})
	served.log = l
	if _, err := a.Proof(t.Context(), string(opened.ID)); ruleOf(err) != RuleProofFalse || !a.alarmed(alarmForked) {
		t.Errorf("%v, %+v", err, a.alarms.list())
	}
}

func TestTheHubsRefusalOfAProofIsPassedOn(t *testing.T) {
	l := newLog(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"type":"urn:handrail:problem:unwitnessed-yet","title":"Not Found","status":404,"detail":"not cosigned yet"}`))
	}))
	defer server.Close()
	l.ledger = server.URL
	if _, err := l.joined().Proof(t.Context(), "0"); ruleOf(err) != RuleUnwitnessedYet {
		t.Errorf("%v", err)
	}
}

func TestEvidenceShowsWhatWasSubmittedAndDeliveredAndNoContent(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	_, err := a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	said := l.said(a)[0].event
	l.gives(a, l.receipts(said))
	_, err = a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Child}})
	l.must(err)
	var out bytes.Buffer
	l.must(a.Evidence(t.Context(), &out))
	var lines []map[string]any
	for scan := bufio.NewScanner(&out); scan.Scan(); {
		var line map[string]any
		l.must(json.Unmarshal(scan.Bytes(), &line))
		lines = append(lines, line)
	}
	if len(lines) != 5 || lines[0]["agency"] != string(testAgency) || lines[0]["hub"] != string(testHub) {
		t.Fatalf("%v", lines)
	}
	first, ok := lines[1]["submission"].(map[string]any)
	if !ok || first["id"] != string(said.ID) || first["answered"] != 2.0 || first["sequence"] != said.Sequence {
		t.Errorf("%v", lines[1])
	}
	if second, ok := lines[2]["submission"].(map[string]any); !ok || second["answered"] != 0.0 {
		t.Errorf("%v", lines[2])
	}
	for i, line := range lines[3:] {
		header, ok := line["delivery"].(string)
		if d, err := tlog.ParseDelivery(header); !ok || err != nil || d.Number != uint64(i+1) {
			t.Errorf("%v: %v", line, err)
		}
	}
}
