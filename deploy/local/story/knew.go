package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger/audit"
)

// Known is one thing that an agency learnt about the person.
type Known struct {
	At    time.Time       `json:"at"` // admission of what made it known
	Who   events.AgencyID `json:"who"`
	What  string          `json:"what"` // matching facts, or sections
	Upon  string          `json:"upon"` // what somebody said that made it known
	By    string          `json:"by"`   // what allowed it
	For   events.Purpose  `json:"for,omitzero"`
	Since string          `json:"since,omitempty"` // what became of it

	referral events.ReferralID
	turn     int // how many statements of agencies stood before it
}

// Knew lists from a verified trail who learnt what about the person, when, and
// by whose leave, in the order of the log. What an agency said itself is not
// listed: it knew that.
func Knew(v audit.Verified, d local.Directions) []Known {
	k := &knowing{steps: v.Steps, kinds: map[events.AgencyID]events.AgencyKind{}}
	for _, a := range d.Agencies {
		k.kinds[a.Agency] = a.Kind
	}
	for i, s := range k.steps {
		if s.By != events.HubAgency && s.Type != "" {
			k.upon = s.Type.Name()
			k.turn++
		}
		k.step(i)
	}
	k.owing(v)
	return k.all
}

// knowing collects the lines.
type knowing struct {
	steps []audit.Step
	kinds map[events.AgencyID]events.AgencyKind
	upon  string // what an agency said last
	turn  int
	all   []Known
}

func (k *knowing) step(at int) {
	s := k.steps[at]
	entry := fmt.Sprintf("entry %d", s.Entry.Number)
	switch facts := s.Facts.(type) {
	case *events.ReferralRequested:
		asked := facts.To
		if facts.Order == events.InTurn {
			asked = asked[:1]
		}
		for _, to := range asked {
			k.learn(Known{At: s.Entry.Admitted, Who: to, What: matching, For: facts.Purpose, By: "asked, " + entry, referral: s.Item.Referral})
		}
	case *events.ReferralEscalated:
		what, why := "that an answer is late", "told, "
		if facts.Step == events.NextCandidate {
			what, why = matching, "its turn, "
		}
		k.upon = s.Type.Name()
		k.learn(Known{At: s.Entry.Admitted, Who: facts.To, What: what, By: why + entry, For: k.purpose(s.Item.Referral), referral: s.Item.Referral})
	case *events.NoticeSent:
		k.learn(Known{At: s.Entry.Admitted, Who: facts.To, What: "that somebody was met", By: "duty to notify, " + entry})
	case *events.RecordReleased:
		if record, ok := k.record(facts.Record); ok {
			k.learn(Known{
				At: s.Entry.Admitted, Who: facts.To, What: said(record.Header), For: record.Header.Purpose,
				By: k.leave(at, record.Header), referral: record.Header.Referral,
			})
		}
	case *events.ErasureConfirmed:
		k.answered(s, facts)
	}
}

// said is what a record holds, as people call it.
func said(h events.RecordHeader) string {
	switch h.Type {
	case events.TypeReferralAsked:
		return "a question"
	case events.TypeReferralAnswered:
		return "an answer"
	default:
		return string(h.Section)
	}
}

// learn adds a line, to an earlier one if the same statement made both known.
func (k *knowing) learn(one Known) {
	one.Upon, one.turn = k.upon, k.turn
	for i := range k.all {
		last := &k.all[i]
		if last.Who == one.Who && last.By == one.By && last.turn == one.turn && last.referral == one.referral {
			if !slices.Contains(strings.Split(last.What, ", "), one.What) {
				last.What += ", " + one.What
			}
			return
		}
	}
	k.all = append(k.all, one)
}

// purpose of a referral; empty if it is none.
func (k *knowing) purpose(id events.ReferralID) events.Purpose {
	for _, s := range k.steps {
		if request, ok := s.Facts.(*events.ReferralRequested); ok && s.Item.Referral == id {
			return request.Purpose
		}
	}
	return ""
}

func (k *knowing) record(id events.EventID) (*events.Record, bool) {
	for _, s := range k.steps {
		if record, ok := s.Facts.(*events.Record); ok && record.Header.ID == id {
			return record, true
		}
	}
	return nil, false
}

// leave is what allowed a section to be read when step at released it: the last
// consent before it that covers it, else an emergency, else a rule for children.
func (k *knowing) leave(at int, h events.RecordHeader) string {
	for i := at - 1; i >= 0; i-- {
		number := k.steps[i].Entry.Number
		switch facts := k.steps[i].Facts.(type) {
		case *events.ConsentGiven:
			if facts.Recipient.Covers(h.To, k.kinds[h.To]) && facts.Purpose == h.Purpose && slices.Contains(facts.Sections, h.Section) {
				return fmt.Sprintf("consent of entry %d", number)
			}
		case *events.EmergencyDisclosed:
			if h.Purpose == events.PurposeEmergency && facts.To == h.To && slices.Contains(facts.Sections, h.Section) {
				return fmt.Sprintf("emergency of entry %d", number)
			}
		}
	}
	if h.Type == events.TypeReferralAsked {
		return "asked back"
	}
	return "no consent needed"
}

// answered notes what a holder did with what it had.
func (k *knowing) answered(s audit.Step, facts *events.ErasureConfirmed) {
	for i := range k.all {
		one := &k.all[i]
		if one.Who != s.By || one.referral != s.Item.Referral || one.Since != "" || one.What == matching {
			continue
		}
		one.Since = fmt.Sprintf("%s %s", facts.Answer, s.Entry.Admitted.Format(time.TimeOnly))
		if facts.Ground != "" {
			one.Since += ", " + string(facts.Ground)
		}
	}
}

// owing notes who has not said yet what it did with what it had.
func (k *knowing) owing(v audit.Verified) {
	for _, r := range v.Case.Referrals() {
		for _, leg := range r.Legs {
			for i := range k.all {
				if one := &k.all[i]; leg.Owes && one.Who == leg.To && one.referral == r.ID && one.Since == "" && one.What != matching {
					one.Since = "no answer yet"
				}
			}
		}
	}
}

const (
	matching   = "matching facts"
	knownTable = "%-8s  %-24s %-24s %-22s %-20s %-16s %s"
)

// KnownTable draws who knew what, and names who was told nothing.
func KnownTable(v audit.Verified, d local.Directions) string {
	var b strings.Builder
	fmt.Fprintf(&b, knownTable+"\n", "when", "who", "learnt", "upon", "allowed by", "for", "since then")
	reached := map[events.AgencyID]bool{}
	for _, s := range v.Steps {
		reached[s.By] = true
	}
	for _, k := range Knew(v, d) {
		reached[k.Who] = true
		line := fmt.Sprintf(knownTable, k.At.Format(time.TimeOnly), k.Who, k.What, k.Upon, k.By, k.For, k.Since)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	var nothing []string
	for _, a := range d.Agencies {
		if !reached[a.Agency] && a.Kind != events.Auditor {
			nothing = append(nothing, string(a.Agency))
		}
	}
	b.WriteString("Told nothing about the person: " + strings.Join(nothing, ", "))
	return b.String()
}
