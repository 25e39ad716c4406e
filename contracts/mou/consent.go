package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// provisional says whether a consent was given in circumstances in which it must
// be asked again: doubtful capacity, somebody interpreting or present who may
// not be free of interest, or rights told through such an interpreter.
func (s *state) provisional(p *events.ConsentGiven) bool {
	pressure := func(who events.Present) bool {
		return who == "employer" || who == "companion" || who == "unknown-person"
	}
	if p.Capacity == events.Doubtful || p.Interpreter == events.NotIndependent || slices.ContainsFunc(p.Present, pressure) {
		return true
	}
	for _, r := range slices.Backward(s.rights) {
		if r.language == p.Language {
			return r.interpreter == events.NotIndependent
		}
	}
	return false
}

// until is when a given consent stops to count.
func (m *Memorandum) until(w word) time.Time {
	if soon := w.happened.Add(m.Profile.duration(forProvisional)); w.provisional && soon.Before(w.expires) {
		return soon
	}
	return w.expires
}

// consented says whether one section may go to an agency for a purpose at now:
// some consent covers it, has not run out, and no refusal or withdrawal that
// covers it was admitted later, or happened later whenever it was admitted.
func (s *state) consented(m *Memorandum, to events.AgencyID, purpose events.Purpose, section events.Section, now time.Time) bool {
	if s.needless(m, to, purpose, section, now) {
		return true
	}
	return slices.ContainsFunc(s.words, func(w word) bool {
		return w.verb == given && w.lapsed == 0 && w.purpose == purpose && slices.Contains(w.sections, section) &&
			m.covers(w.recipient, to) && now.Before(m.until(w)) && !s.ended(m, w, to)
	})
}

// ended says whether the person took a consent back for an agency.
func (s *state) ended(m *Memorandum, g word, to events.AgencyID) bool {
	_, ended := s.ender(m, g, to)
	return ended
}

// ender is the last word that took a consent back for an agency.
func (s *state) ender(m *Memorandum, g word, to events.AgencyID) (word, bool) {
	for _, w := range slices.Backward(s.words) {
		if w.ends(m, g, to) {
			return w, true
		}
	}
	return word{}, false
}

// ends says whether a word takes a consent back for an agency.
func (w word) ends(m *Memorandum, g word, to events.AgencyID) bool {
	return w.verb != given && (w.purpose == "" || w.purpose == g.purpose) && m.covers(w.recipient, to) &&
		(w.number > g.number || w.happened.After(g.happened))
}

// anyConsent says whether some consent is still running, whoever it covers.
func (s *state) anyConsent(m *Memorandum, now time.Time) bool {
	return slices.ContainsFunc(s.words, func(w word) bool { return w.verb == given && w.lapsed == 0 && now.Before(m.until(w)) })
}
