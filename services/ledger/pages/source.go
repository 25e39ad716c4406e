package pages

import (
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger/audit"
	"handrail/services/web/trail"
)

// source is a verified trail as pages show it. Everything in it was verified: each
// entry stands in the log of the trail's checkpoint, which its witnesses signed.
func source(v audit.Verified) trail.Source {
	s := trail.Source{
		Case: v.Case, Profile: v.Profile, Kinds: v.Kinds(), Then: func(number uint64) mou.Case {
			then, _, err := v.At(audit.Moment{Number: number})
			if err != nil {
				return v.Case
			}
			return then.Case
		},
		Log: trail.Log{Size: v.Size, Root: v.Root, Witnesses: v.Witnesses, Enough: v.Witnessed, Quorum: v.Profile.Witnesses},
	}
	leaves := map[uint64]tlog.Hash{}
	for _, e := range v.Trail.Entries {
		leaves[e.Number] = e.Leaf
	}
	for _, step := range v.Steps {
		e := trail.Entry{
			Number: step.Entry.Number, Admitted: step.Entry.Admitted, By: step.By, Leaf: leaves[step.Entry.Number], Size: v.Size,
			Clause: step.Entry.Clause, Rule: step.Entry.Rule, Witnessed: v.Witnessed,
		}
		if step.Entry.Verdict == tlog.Admitted {
			item := step.Item
			e.Item = &item
		}
		s.Entries = append(s.Entries, e)
	}
	for _, r := range v.Readings {
		s.Readings = append(s.Readings, trail.Reading{Number: r.Number, At: r.At, By: r.Auditor, What: r.What, Approved: r.Approved})
	}
	if r := v.Retirement; r != nil {
		s.Retired = trail.Retired{Number: r.Number, At: r.At, Entries: r.Entries, Destroyed: r.Destroyed}
	}
	return s
}

// caseOf reads the case that a path names.
func caseOf(path string) (events.CaseID, bool) {
	var id events.CaseID
	return id, id.UnmarshalText([]byte(path)) == nil
}
