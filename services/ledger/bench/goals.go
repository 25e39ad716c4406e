package bench

import "fmt"

// judge compares what was measured with what was aimed at.
func (r *Report) judge(o Options) {
	at := func(name string, submitters int) Admitted {
		for _, a := range r.Admitted {
			if a.Contender == name && a.Submitters == submitters {
				return a
			}
		}
		return Admitted{}
	}
	goal := func(what string, value, of, wanted float64, most bool) {
		if of > 0 {
			r.Goals = append(r.Goals, Goal{what, value / of, wanted, most})
		}
	}
	for _, n := range o.Submitters {
		ours := at(nameFull, n)
		goal(fmt.Sprintf("whole path / nothing judged or signed, %d submitters", n), ours.Rate, at(namePlain, n).Rate, 0.5, false)
		if n == 256 {
			goal("whole path / hash chain, 256 submitters", ours.Rate, at(nameChain, n).Rate, 4, false)
		}
		for _, other := range o.Others {
			goal(fmt.Sprintf("%s / whole path, median wait with %d submitters", other.Name, n), at(other.Name, n).P50, ours.P50, 10, false)
		}
	}
	goal("submit to receipt / floor, median, one at a time", at(nameFull, 1).P50, at(nameFloor, 1).P50, 3, true)
	if n := len(r.Growth); n > 1 {
		first, last := r.Growth[0], r.Growth[n-1]
		goal(fmt.Sprintf("cost of a statement in a log of %d / of %d", last.Size, first.Size), last.Own+last.Postgres, first.Own+first.Postgres, 1.2, true)
	}
	if p := r.Replay; p != nil {
		goal("leaves and root / streamed SELECT and SHA-256", p.Leaves, p.Select, 0.5, false)
		goal("every signature and verdict / Ed25519 alone on all cores", p.Audit, p.Ed25519, 0.8, false)
		goal("one trail, milliseconds", p.Trail, 1, 20, true)
	}
	if m := r.Memory; m != nil {
		goal("resident set of the ledger at the largest size, MB", m.Full, 1, 150, true)
	}
}
