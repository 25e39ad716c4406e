package conform

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// Rules that no refusal has: the hub answers otherwise, or not at all.
const (
	RuleSequenceGap  events.Rule = "sequence-gap"  // the hub answers resend-from and waits
	RuleControlStale events.Rule = "control-stale" // the hub ignores a control message that is no newer than the last
)

// Finding is one rule that a message breaks.
type Finding struct {
	Rule     events.Rule `json:"rule"`
	Pointer  string      `json:"pointer,omitzero"`  // "attribute NAME", "header NAME", or a JSON pointer into the data
	Reason   string      `json:"reason"`            // what is wrong and what to do, in plain words
	Sentence int         `json:"sentence,omitzero"` // of the wire contract
}

// Report is what one message gets wrong.
type Report struct {
	Message   string         `json:"message"`            // as its giver names it
	Type      events.Type    `json:"type,omitzero"`      // if the catalogue has it
	ID        events.EventID `json:"id,omitzero"`        // if it is one
	Findings  []Finding      `json:"findings"`           // in the order of the contract
	NotJudged []string       `json:"notjudged,omitzero"` // what could not be judged, and why
}

// Conforms says whether nothing was found.
func (r Report) Conforms() bool { return len(r.Findings) == 0 }

// add notes a violation once for its place.
func (r *Report) add(rule events.Rule, pointer, reason string) {
	if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule == rule && f.Pointer == pointer }) {
		r.Findings = append(r.Findings, Finding{rule, pointer, reason, sentence(rule, pointer)})
	}
}

func (r *Report) addViolation(v *events.Violation) { r.add(v.Rule, v.Pointer, v.Reason) }

// found says whether something was found at a place, or inside it.
func (r *Report) found(pointer string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Pointer == pointer })
}

func (r *Report) unjudged(what string) { r.NotJudged = append(r.NotJudged, what) }

// sentence is where the wire contract says it; 0 for what it does not number.
func sentence(rule events.Rule, pointer string) int {
	switch rule {
	case events.RuleAttributeMissing, events.RuleAttributeUnknown:
		return 1
	case events.RuleAttributeRepeated:
		return 11
	case events.RuleSourceMismatch, events.RuleHubMismatch:
		return 2
	case events.RuleTypeUnknown:
		return 3
	case events.RuleTimesOrder, events.RuleTimeAhead:
		return 5
	case events.RuleEventTooLarge:
		return 8
	case events.RuleDataMalformed:
		return 9
	case events.RuleDataCode, events.RuleDataRange:
		return 10
	case events.RuleSignatureInvalid:
		return 14
	case events.RuleKeyUnknown:
		return 16
	case events.RuleSequenceReused, RuleSequenceGap:
		return 18
	case events.RuleIDReused:
		return 20
	case events.RuleRecordHeader:
		return 21
	case RuleControlStale:
		return 27
	case events.RuleKeyReused:
		return 34
	case events.RuleVouching:
		return 35
	case events.RuleAgencySuspended:
		return 37
	case events.RuleKeyReplaced:
		return 38
	case mou.RuleCorrelation, mou.RuleCauseUnknown:
		return 4
	case events.RuleAttributeSyntax:
		return sentenceOf(pointer)
	case events.RuleHubFault:
	}
	return 0
}

// sentenceOf is where the contract gives an attribute its syntax.
func sentenceOf(pointer string) int {
	switch pointer {
	case "attribute source", "attribute hub":
		return 2
	case "attribute type", "attribute dataschema", "attribute datacontenttype":
		return 3
	case "attribute id", "attribute subject", "attribute correlationid", "attribute causationid":
		return 4
	case "attribute time":
		return 5
	case "attribute sequence":
		return 6
	case "attribute plaincommit":
		return 22
	case "attribute dssematerial":
		return 14
	case "header content-type":
		return 12
	}
	return 7
}
