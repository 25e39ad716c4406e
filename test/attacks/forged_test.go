package attacks

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
)

// forgeries changes, moves, cuts and strips what was signed: by the thief itself,
// by others and by the hub. After each attempt an honest event is admitted.
func (s *site) forgeries(t *testing.T) {
	for _, attempt := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"replayed: an event of another hub", s.ofAnotherHub},
		{"replayed: what the hub itself said", s.hubsOwnBytes},
		{"replayed: a refused event", s.refusedAgain},
		{"re-ordered: a whole queue backwards", s.backwards},
		{"truncated: data, signature, attributes", s.truncated},
		{"re-signed: another's event under the thief's key", s.resigned},
		{"re-signed: the same event in a second form", s.secondForms},
		{"transplanted: the signature of another event", s.transplanted},
		{"downgraded: the signature's type and number", s.downgradedSignature},
		{"downgraded: the record's algorithms", s.downgradedRecord},
		{"stripped: no signature, an empty one, zeros", s.stripped},
		{"a time far off", s.timeFarOff},
		{"a record's header that says more than it may", s.headerSaysMore},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, s, s.neighbour)
			attempt.try(t)
			s.admits(s.opening())
			s.healthy(t)
		})
	}
}

func (s *site) ofAnotherHub(*testing.T) {
	e := s.opening()
	e.Hub, e.Source = "handrail/elsewhere", events.Source("elsewhere", s.id)
	s.refuses(events.RuleHubMismatch, exchange.Encode(s.sign(e)))
	moved := s.sign(e) // and carried over, with this hub's name on the same signature
	moved.Hub, moved.Source = s.file.Hub.Origin(), events.Source(s.file.Hub, s.id)
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(moved))
}

// hubsOwnBytes sends back, unchanged, an event that the hub signed.
func (s *site) hubsOwnBytes(t *testing.T) {
	s.mu.Lock()
	i := slices.IndexFunc(s.got, func(g got) bool { return g.event != nil && g.event.Agency() == events.HubAgency })
	e := *s.got[i].event
	s.mu.Unlock()
	s.refuses(events.RuleSourceMismatch, exchange.Encode(e))
	e.Source, e.Sequence = events.Source(s.file.Hub, s.id), s.next.String() // and with one's own name on it
	if e.Agency() != s.id {
		t.Fatal("the source names somebody else")
	}
	s.refuses(events.RuleKeyUnknown, exchange.Encode(e))
}

// refusedAgain: a refusal is final, and is given again byte for byte.
func (s *site) refusedAgain(t *testing.T) {
	e := s.opening()
	e.Time = events.At(time.Now().Add(10 * time.Minute))
	m := exchange.Encode(s.sign(e))
	first := s.refuses(events.RuleTimeAhead, m)
	s.next++
	s.mu.Lock()
	s.repeated = nil
	s.mu.Unlock()
	size := s.doctor(t).Size
	must(t, s.link.Submit(t.Context(), m))
	eventually(t, "the refusal again", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.repeated) > 0
	})
	if s.repeated[0].header != first.header || s.doctor(t).Size != size {
		t.Error("a refused event was judged again")
	}
}

// backwards: what arrives last first is judged in its own order, or not at all.
func (s *site) backwards(t *testing.T) {
	var queue []exchange.Message
	for i := range 8 {
		e := s.opening()
		e.Sequence = (s.next + events.Sequence(i)).String()
		queue = append(queue, exchange.Encode(s.sign(e)))
	}
	size := s.doctor(t).Size
	for _, m := range slices.Backward(queue[1:]) {
		must(t, s.link.Submit(t.Context(), m))
	}
	s.refuses(events.RuleAttributeMissing, exchange.Message{Data: []byte(uuid(t))}) // it stands behind them, so they were looked at
	if now := s.doctor(t).Size; now != size+1 {
		t.Errorf("%d entries were made of what came out of order", now-size-1)
	}
	for _, m := range queue {
		if g := s.answerTo(m); g.entry.Attribute("sequence") != s.next.String() {
			t.Errorf("sequence %s was answered %s %s", s.next, g.Kind, g.entry.Rule)
		}
		s.next++
	}
}

func (s *site) truncated(*testing.T) {
	for _, length := range []int{0, 1, 40} {
		e := s.sign(s.opening())
		e.Data = e.Data[:length]
		s.refuses(events.RuleSignatureInvalid, exchange.Encode(e))
	}
	e := s.sign(s.opening())
	e.DSSEMaterial = e.DSSEMaterial[:len(e.DSSEMaterial)/2]
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(e))
	for _, name := range []string{"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "sequence", "correlationid", "causationid", "traceparent"} {
		m := exchange.Encode(s.sign(s.opening()))
		delete(m.Header, "ce-"+name)
		s.refuses(events.RuleAttributeMissing, m)
	}
	about, referral := s.refer()
	record := s.sealed(about, referral, provider, provider)
	for _, cut := range []int{1, 20, len(record.Data) / 2} {
		cutShort := s.sealed(about, referral, provider, provider)
		cutShort.Data = cutShort.Data[:len(cutShort.Data)-cut]
		s.refuses(events.RuleRecordHeader, exchange.Encode(s.sign(cutShort)))
		s.next++
	}
}

// resigned takes what another said and says it again under the thief's own key.
func (s *site) resigned(t *testing.T) {
	other := s.neighbour
	said := other.opening()
	other.admits(said)
	e := said
	e.DSSEMaterial, e.Sequence = "", s.next.String()
	s.refuses(events.RuleSourceMismatch, exchange.Encode(s.sign(e)))
	e.Source = events.Source(s.file.Hub, s.id) // now it is the thief's own event, with another's id and case
	s.refuses(mou.RuleNotPermitted, exchange.Encode(s.sign(e)))
	s.next++
	other.admits(other.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, events.CaseID(said.Subject)))
	other.settles(t)
}

// secondForms: one signature has one form.
func (s *site) secondForms(t *testing.T) {
	e := s.sign(s.opening())
	raw, err := base64.StdEncoding.DecodeString(e.DSSEMaterial)
	must(t, err)
	text := string(raw)
	for what, other := range map[string]string{
		"white space":         strings.Replace(text, ":", ": ", 1),
		"another order":       strings.Replace(strings.Replace(text, `"payloadType":"https://cloudevents.io/verifiability/dsse/v0.1",`, "", 1), "{", `{"payloadType":"https://cloudevents.io/verifiability/dsse/v0.1",`, 1),
		"a member more":       strings.Replace(text, "{", `{"x":1,`, 1),
		"escaped letters":     strings.Replace(text, "payload", `p\u0061yload`, 1),
		"capital key id":      upperKeyID(text),
		"a malleable number":  malleable(t, text),
		"bytes behind":        text + " ",
		"two signatures":      strings.Replace(text, `"signatures":[`, `"signatures":[`+text[strings.LastIndex(text, `{"keyid"`):strings.LastIndex(text, "]")]+",", 1),
		"signature, unpadded": strings.TrimSuffix(strings.Replace(text, `=="}]}`, `"}]}`, 1), "="),
	} {
		t.Run(what, func(t *testing.T) {
			during(t, s)
			if other == text {
				t.Fatal("nothing was changed")
			}
			changed := e
			changed.DSSEMaterial = base64.StdEncoding.EncodeToString([]byte(other))
			s.refuses(events.RuleSignatureInvalid, exchange.Encode(changed))
		})
	}
}

func upperKeyID(text string) string {
	at := strings.Index(text, `"keyid":"`) + len(`"keyid":"`)
	return text[:at] + strings.ToUpper(text[at:at+64]) + text[at+64:]
}

// malleable adds the group's order to the signature's second half: a verifier
// that is not strict takes it for a second signature of the same thing.
func malleable(t *testing.T, text string) string {
	t.Helper()
	at := strings.Index(text, `"sig":"`) + len(`"sig":"`)
	end := strings.Index(text[at:], `"`) + at
	sig, err := base64.StdEncoding.DecodeString(text[at:end])
	must(t, err)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	half := slices.Clone(sig[32:])
	slices.Reverse(half)
	sum := new(big.Int).Add(new(big.Int).SetBytes(half), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return text[:at] + base64.StdEncoding.EncodeToString(append(slices.Clone(sig[:32]), sum...)) + text[end:]
}

func (s *site) transplanted(*testing.T) {
	one, other := s.sign(s.opening()), s.sign(s.opening())
	one.DSSEMaterial = other.DSSEMaterial
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(one))
	s.mu.Lock()
	i := slices.IndexFunc(s.got, func(g got) bool { return g.Kind == "receipt" })
	admitted := s.said[s.got[i].entry.Attribute("dssematerial")]
	s.mu.Unlock()
	moved := s.opening()
	moved.Sequence, moved.DSSEMaterial = admitted.Sequence, admitted.DSSEMaterial // of an event that was admitted
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(moved))
}

func (s *site) downgradedSignature(t *testing.T) {
	e := s.sign(s.opening())
	raw, err := base64.StdEncoding.DecodeString(e.DSSEMaterial)
	must(t, err)
	for _, change := range [][2]string{
		{"dsse/v0.1", "dsse/v0.0"},
		{`"payloadType":"https://cloudevents.io/verifiability/dsse/v0.1"`, `"payloadType":""`},
		{`"signatures":[`, `"alg":"none","signatures":[`},
		{`{"keyid":`, `{"alg":"HS256","keyid":`},
	} {
		changed := e
		changed.DSSEMaterial = base64.StdEncoding.EncodeToString(bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1))
		if changed.DSSEMaterial == e.DSSEMaterial {
			t.Fatalf("%s does not stand in the signature", change[0])
		}
		s.refuses(events.RuleSignatureInvalid, exchange.Encode(changed))
	}
}

// rewritten is a record whose protected header says something else than what it
// was sealed with; its event is signed anew.
func (s *site) rewritten(about events.CaseID, referral events.ReferralID, change func(string) string) events.Event {
	s.t.Helper()
	e := s.sealed(about, referral, provider, provider)
	head, rest, _ := strings.Cut(string(e.Data), ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	must(s.t, err)
	if change(string(raw)) == string(raw) {
		s.t.Fatal("nothing was changed in the header")
	}
	e.Data = []byte(base64.RawURLEncoding.EncodeToString([]byte(change(string(raw)))) + "." + rest)
	return e
}

func (s *site) downgradedRecord(t *testing.T) {
	about, referral := s.refer()
	replace := func(old, with string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, with, 1) }
	}
	for what, change := range map[string]func(string) string{
		"alg none":         replace(`"ECDH-ES+A256KW"`, `"none"`),
		"alg dir":          replace(`"ECDH-ES+A256KW"`, `"dir"`),
		"alg ECDH-ES":      replace(`"ECDH-ES+A256KW"`, `"ECDH-ES"`),
		"alg A128KW":       replace(`"ECDH-ES+A256KW"`, `"ECDH-ES+A128KW"`),
		"alg RSA1_5":       replace(`"ECDH-ES+A256KW"`, `"RSA1_5"`),
		"alg PBES2":        replace(`"ECDH-ES+A256KW"`, `"PBES2-HS256+A128KW","p2c":2147483647,"p2s":"AA"`),
		"enc A128CBC":      replace(`"A256GCM"`, `"A128CBC-HS256"`),
		"enc none":         replace(`"A256GCM"`, `"none"`),
		"alg twice":        replace(`{`, `{"alg":"none",`),
		"alg in capitals":  replace(`"alg"`, `"ALG"`),
		"another curve":    replace(`"P-256"`, `"P-384"`),
		"a key of its own": replace(`{`, `{"jwk":{"kty":"oct","k":"AA"},`),
		"zip":              replace(`{`, `{"zip":"DEF",`),
		"crit":             replace(`{`, `{"crit":["zip"],`),
		"a key elsewhere":  replace(`{`, `{"jku":"https://example.org/keys",`),
	} {
		t.Run(what, func(t *testing.T) {
			during(t, s)
			s.refuses(events.RuleRecordHeader, exchange.Encode(s.sign(s.rewritten(about, referral, change))))
			s.next++
		})
	}
}

func (s *site) stripped(t *testing.T) {
	m := exchange.Encode(s.sign(s.opening()))
	delete(m.Header, "ce-dssematerial")
	s.refuses(events.RuleAttributeMissing, m)
	m = exchange.Encode(s.sign(s.opening()))
	m.Header["ce-dssematerial"] = []string{""}
	s.refuses(events.RuleAttributeSyntax, m)
	e := s.sign(s.opening())
	raw, err := base64.StdEncoding.DecodeString(e.DSSEMaterial)
	must(t, err)
	text := string(raw)
	at := strings.Index(text, `"sig":"`) + len(`"sig":"`)
	end := strings.Index(text[at:], `"`) + at
	for what, sig := range map[string]string{
		"no signature": "", "zeros": base64.StdEncoding.EncodeToString(make([]byte, 64)), "a short one": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		t.Run(what, func(t *testing.T) {
			during(t, s)
			bare := e
			bare.DSSEMaterial = base64.StdEncoding.EncodeToString([]byte(text[:at] + sig + text[end:]))
			s.refuses(events.RuleSignatureInvalid, exchange.Encode(bare))
		})
	}
	empty := e
	empty.DSSEMaterial = base64.StdEncoding.EncodeToString([]byte(text[:strings.Index(text, `"signatures":[`)] + `"signatures":[]}`))
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(empty))
}

// timeFarOff: a time is a claim; what it claims of the future is refused, and what
// it claims of the past moves nothing.
func (s *site) timeFarOff(t *testing.T) {
	for _, ahead := range []time.Duration{6 * time.Minute, 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		e := s.opening()
		e.Time = events.At(time.Now().Add(ahead))
		s.refuses(events.RuleTimeAhead, exchange.Encode(s.sign(e)))
		s.next++
	}
	for _, text := range []string{
		"9999-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "2026-11-22t09:30:00z", "2026-11-22T09:30:00+00:00", "2026-11-22T09:30:00.000Z",
		"+2026-11-22T09:30:00Z", "12026-11-22T09:30:00Z", "1795254600",
	} {
		m := exchange.Encode(s.sign(s.opening()))
		m.Header["ce-time"] = []string{text}
		s.refuses(events.RuleAttributeSyntax, m)
	}
	for what, said := range map[string]events.Said{
		"happened after it was recorded": {Happened: events.At(time.Now()), Recorded: events.At(time.Now().Add(-time.Hour)), Channel: events.InPerson},
		"recorded after it was signed":   {Happened: events.At(time.Now()), Recorded: events.At(time.Now().Add(time.Hour)), Channel: events.InPerson},
	} {
		t.Run(what, func(t *testing.T) {
			during(t, s)
			s.refuses(events.RuleTimesOrder, exchange.Encode(s.sign(s.draft(&events.CaseOpened{Said: said, Age: events.Adult}, events.CaseID(uuid(t))))))
			s.next++
		})
	}
	long := events.At(time.Date(1970, 1, 1, 0, 0, 1, 0, time.UTC))
	old := s.draft(&events.CaseOpened{Said: events.Said{Happened: long, Recorded: long, Channel: events.InPerson}, Age: events.Adult}, events.CaseID(uuid(t)))
	old.Time = long
	if g := s.admits(old); time.Since(g.entry.Admitted) > time.Hour {
		t.Errorf("an event that claims to be old was admitted as of %s", g.entry.Admitted)
	}
}

// headerSaysMore: everybody reads the protected header; it has room for nothing.
func (s *site) headerSaysMore(t *testing.T) {
	about, referral := s.refer()
	for what, change := range map[string]func(string) string{
		"a remark":           func(h string) string { return strings.Replace(h, "{", `{"remark":"Invented Name",`, 1) },
		"a remark in epk":    func(h string) string { return strings.Replace(h, `"kty"`, `"note":"Invented Name","kty"`, 1) },
		"text as a section":  func(h string) string { return strings.Replace(h, `"identity"`, `"Invented Name"`, 1) },
		"text as a purpose":  func(h string) string { return strings.Replace(h, `"accommodation"`, `"Invented Name"`, 1) },
		"another recipient":  func(h string) string { return strings.Replace(h, `"harbour-shelter"`, `"lighthouse-shelter"`, 1) },
		"an unlisted one":    func(h string) string { return strings.Replace(h, `"harbour-shelter"`, `"invented-name"`, 1) },
		"a thousand members": func(h string) string { return strings.Replace(h, "{", "{"+strings.Repeat(`"a":1,`, 1000), 1) },
	} {
		t.Run(what, func(t *testing.T) {
			during(t, s)
			g := s.answerTo(exchange.Encode(s.sign(s.rewritten(about, referral, change))))
			s.next++
			if g.Kind != "refusal" || strings.Contains(g.body, "nvented") {
				t.Errorf("it was answered %s %s %q", g.Kind, g.entry.Rule, g.body)
			}
		})
	}
}
