package events

import "fmt"

// Rule names one rule of the wire contract or of the memorandum of
// understanding, as it appears in refusals: lower-case words with hyphens.
type Rule string

// Rules of the wire contract. The rules of the memorandum are in contracts/mou.
const (
	RuleAttributeMissing  Rule = "attribute-missing"
	RuleAttributeUnknown  Rule = "attribute-unknown"
	RuleAttributeRepeated Rule = "attribute-repeated"
	RuleAttributeSyntax   Rule = "attribute-syntax"
	RuleEventTooLarge     Rule = "event-too-large"
	RuleDataMalformed     Rule = "data-malformed"
	RuleDataCode          Rule = "data-code"
	RuleDataRange         Rule = "data-range"
	RuleTimesOrder        Rule = "times-order"
	RuleTimeAhead         Rule = "time-ahead"
	RuleTypeUnknown       Rule = "type-unknown"
	RuleSourceMismatch    Rule = "source-mismatch"
	RuleHubMismatch       Rule = "hub-mismatch"
	RuleKeyUnknown        Rule = "key-unknown"
	RuleSignatureInvalid  Rule = "signature-invalid"
	RuleSequenceReused    Rule = "sequence-reused"
	RuleIDReused          Rule = "id-reused"
	RuleRecordHeader      Rule = "record-header"
	RuleAgencySuspended   Rule = "agency-suspended" // the directory says that the sender rests
	RuleVouching          Rule = "vouching"         // two agencies of different kinds vouch for first and lost keys
	RuleKeyReused         Rule = "key-reused"       // a key is listed once, for one agency
	RuleKeyReplaced       Rule = "key-replaced"     // the recipient has another sealing key now: seal anew
	RuleHubFault          Rule = "hub-fault"
)

// Violation is the one error kind that crosses boundaries: what was asked
// breaks Rule at Pointer. Reason is plain English, says what to do, and never
// repeats what was sent, so it is safe to log and to show.
type Violation struct { //nolint:errname // it is also a value that receipts carry and people read
	Rule    Rule
	Pointer string // "attribute NAME", or a JSON pointer into the data; empty for the whole event
	Reason  string
}

// Error implements error.
func (v *Violation) Error() string {
	if v.Pointer == "" {
		return fmt.Sprintf("%s: %s", v.Rule, v.Reason)
	}
	return fmt.Sprintf("%s at %s: %s", v.Rule, v.Pointer, v.Reason)
}

// Refuse builds a Violation.
func Refuse(rule Rule, pointer, reason string) *Violation {
	return &Violation{Rule: rule, Pointer: pointer, Reason: reason}
}
