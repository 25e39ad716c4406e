package cases

import (
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/web"
)

// consent is what the person last said about one recipient and purpose.
type consent struct {
	To       events.AgencyID   // or
	Class    events.AgencyKind // every organisation of a kind
	Except   []events.AgencyID
	Purpose  events.Purpose // empty: every purpose
	Sections []section
	Until    time.Time // zero: it was no yes
	Said     time.Time
	State    mou.ConsentState // of what is not said section by section
}

// section is one section with how its consent stands.
type section struct {
	Section events.Section
	State   mou.ConsentState
}

// consentsOf lists what the person said about sharing, the newest word on each
// recipient and purpose, with how it counts now.
func consentsOf(v *web.Visit, c mou.Case, memo *mou.Memorandum) (list []consent) {
	heard := map[string]bool{}
	for _, item := range slices.Backward(c.Trail()) {
		word, about := consent{Said: item.Happened()}, events.Recipient{}
		var sections []events.Section
		switch said := item.Facts.(type) {
		case *events.ConsentGiven:
			about, word.Purpose, word.Until, sections = said.Recipient, said.Purpose, said.Expires.Time(), said.Sections
		case *events.ConsentRefused:
			about, word.Purpose, word.State = said.Recipient, said.Purpose, mou.ConsentRefused
		case *events.ConsentWithdrawn:
			about, word.Purpose, word.State = said.Recipient, said.Purpose, mou.ConsentWithdrawn
		default:
			continue
		}
		word.To, word.Class, word.Except = about.Agency, about.Class, about.Except
		name := strings.Join([]string{string(word.To), string(word.Class), string(word.Purpose)}, " ")
		if heard[name] {
			continue
		}
		heard[name] = true
		for _, s := range sections {
			word.Sections = append(word.Sections, section{s, c.Consent(covered(about, memo), word.Purpose, s, v.Now)})
		}
		list = append(list, word)
	}
	return list
}

// covered is an agency that a recipient covers; empty if the directory has none.
func covered(r events.Recipient, memo *mou.Memorandum) events.AgencyID {
	first := r.Agency
	for id, kind := range memo.Directory {
		if r.Covers(id, kind) && (first == "" || id < first) {
			first = id
		}
	}
	return first
}
