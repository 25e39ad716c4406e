package ledger

import (
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

func TestEachRuleOfTheWireContractIsNamedAndConsumesOnlyWhatItShould(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	other := w.agencies[shelter]
	fresh := func() events.Event {
		return p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	}
	header := func(name, value string) func(exchange.Message) {
		return func(m exchange.Message) { m.Header["ce-"+name] = []string{value} }
	}
	wrong := []struct {
		what   string
		rule   events.Rule
		event  func() events.Event
		change func(exchange.Message)
	}{
		{"an attribute too many", events.RuleAttributeUnknown, fresh, header("tracestate", "x")},
		{"an attribute too few", events.RuleAttributeMissing, fresh, func(m exchange.Message) { delete(m.Header, "ce-traceparent") }},
		{"an attribute twice", events.RuleAttributeRepeated, fresh, func(m exchange.Message) { m.Header["ce-hub"] = []string{"handrail/testland", "handrail/testland"} }},
		{"a percent sign", events.RuleAttributeSyntax, fresh, header("subject", "%41")},
		{"a type that nobody knows", events.RuleTypeUnknown, fresh, func(m exchange.Message) {
			m.Header["ce-type"], m.Header["ce-dataschema"] = []string{"org.handrail.case.eaten.v1"}, []string{"urn:handrail:schema:case.eaten.v1"}
		}},
		{"another hub", events.RuleHubMismatch, func() events.Event {
			e := fresh()
			e.Hub, e.Source = "handrail/elsewhere", "urn:handrail:elsewhere:agency:"+string(police)
			return e
		}, nil},
		{"another agency's name", events.RuleSourceMismatch, func() events.Event { e := fresh(); e.Source = events.Source(hubID, shelter); return e }, nil},
		{"a broken signature", events.RuleSignatureInvalid, fresh, func(m exchange.Message) { m.Data[len(m.Data)-2] ^= 1 }},
	}
	for _, c := range wrong {
		e := c.event()
		e.Sequence = p.next.String() // none of them consumes it
		e = p.sign(e)
		m := exchange.Encode(e)
		m.Data = append([]byte(nil), m.Data...)
		if c.change != nil {
			c.change(m)
		}
		delete(p.said, e.ID) // what arrives is not what was signed
		w.must(p.link.Submit(t.Context(), m))
		g := p.refused(e, c.rule)
		if g.entry.Case != "" || strings.Contains(string(g.EntryBytes), string(e.ID)) {
			t.Errorf("%s: the entry of something that nobody vouches for names its case or id", c.what)
		}
	}
	t.Run("a key that is not the agency's", func(t *testing.T) {
		e := fresh()
		e.Sequence = p.next.String()
		signed, err := other.signing.Sign(e)
		w.must(err)
		p.refused(p.submit(signed), events.RuleKeyUnknown)
	})
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.settled()
	if got := other.types(); len(got) != 1 {
		t.Errorf("the shelter got %v: refusals are for their sender", got)
	}
}

func TestAnAuditorSubmitsNothing(t *testing.T) {
	w := newWorld(t)
	a := w.agencies[auditor]
	a.connect()
	a.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	w.eventually("its attempt is logged", func() bool { return w.count("SELECT count(*) FROM refusal") == 1 })
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if n := w.count("SELECT count(*) FROM delivery WHERE recipient = $1", string(auditor)); n != 0 {
		t.Errorf("%d deliveries to an auditor", n)
	}
}

func TestWhatIsSignedIsJudgedInItsTurnAndConsumesIt(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	ahead := p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	ahead.Time = events.At(time.Now().Add(10 * time.Minute))
	p.refused(p.submit(p.sign(ahead)), events.RuleTimeAhead)

	late := p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	late.Time = events.At(time.Now().Add(-time.Hour))
	p.refused(p.submit(p.sign(late)), events.RuleTimesOrder)

	code := p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	code.Data = []byte(strings.Replace(string(code.Data), "adult", "grown", 1))
	g := p.refused(p.submit(p.sign(code)), events.RuleDataCode)
	if g.entry.Pointer != "/age" || g.entry.Case != code.Case() {
		t.Errorf("the refusal points at %q of case %q", g.entry.Pointer, g.entry.Case)
	}
	hubs := p.envelope(events.TypeRecordReleased, nil, w.newCase(), "")
	hubs.Data, _ = events.Encode(&events.RecordReleased{Said: now(), Record: hubs.ID, To: shelter})
	p.refused(p.submit(p.sign(hubs)), "power")

	directory := p.envelope(events.TypeDirectoryFounded, nil, "", "")
	directory.Subject = string(events.HubAgency)
	directory.Data, _ = events.Encode(&w.founded)
	p.refused(p.submit(p.sign(directory)), "power")

	unknown := p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, w.newCase(), "")
	p.refused(unknown, "case-unknown")
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
}

func TestTheSameSubmissionGetsTheSameAnswer(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	good := p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	first := p.admitted(good)
	bad := p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, w.newCase(), "")
	refusal := p.refused(bad, "case-unknown")
	size := w.count("SELECT count(*) FROM entry")
	for _, c := range []struct {
		e     events.Event
		first got
	}{{good, first}, {bad, refusal}} {
		p.repeated = nil
		p.submit(c.e)
		w.eventually("the first answer comes again", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, g := range p.repeated {
				if g.header == c.first.header {
					return true
				}
			}
			return false
		})
	}
	whole := p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	delete(p.said, whole.ID) // what arrives is not what was signed
	broken := exchange.Encode(whole)
	broken.Header["ce-hub"] = []string{"%"}
	for range 3 {
		w.must(p.link.Submit(t.Context(), broken))
	}
	p.next-- // the broken one did not consume its number
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if n := w.count("SELECT count(*) FROM entry"); n != size+2 {
		t.Errorf("%d entries more, want 2: one refusal however often it came, one case", n-size)
	}
}

func TestSequencesHaveNoGapsAndIDsOneMeaning(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	open := func() events.Event {
		return p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	}
	first := p.sign(open())
	second := p.sign(open())
	third := p.sign(open())
	p.submit(second)
	p.submit(third)
	w.eventually("the hub asks for what is missing", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, e := range p.controls {
			if e.Type == events.TypeControlResend {
				ask := payloadOf[*events.ResendFrom](w, e)
				return ask.Sequence == 1 && ask.Key == p.signing.ID()
			}
		}
		return false
	})
	for _, e := range []events.Event{first, second, third} {
		p.admitted(p.submit(e))
	}
	t.Run("a lower number with an unknown id", func(t *testing.T) {
		e := open()
		e.Sequence = events.Sequence(2).String()
		p.refused(p.submit(p.sign(e)), events.RuleSequenceReused)
	})
	t.Run("a lower number with a known id", func(t *testing.T) {
		e := open()
		e.ID, e.Sequence = first.ID, events.Sequence(1).String()
		e.CorrelationID = events.EventID(e.Subject)
		signed := p.sign(e)
		p.said[first.ID] = signed
		p.refused(p.submit(signed), events.RuleIDReused)
	})
	t.Run("the expected number with a known id", func(t *testing.T) {
		e := open()
		e.ID = second.ID
		signed := p.sign(e)
		p.said[second.ID] = signed
		p.refused(p.submit(signed), events.RuleIDReused)
	})
	p.admitted(p.submit(p.sign(open())))
	if n := w.count("SELECT next FROM signer WHERE agency = $1", string(police)); n != int64(p.next) {
		t.Errorf("the hub expects %d, the police would say %d", n, p.next)
	}
}

func TestARefusedEntryKeepsNothingOfWhatWasSent(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	e := p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, w.newCase(), "")
	g := p.refused(e, "case-unknown")
	if n := w.count("SELECT count(*) FROM payload WHERE number = $1", int64(g.Entry)); n != 0 {
		t.Error("the data of a refused event is stored")
	}
	if g.entry.Verdict != tlog.Refused || len(g.entry.Attributes) != 0 {
		t.Errorf("the entry keeps %v", g.entry.Attributes)
	}
}
