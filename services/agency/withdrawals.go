package agency

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Withdrawal is one statement that ended the use of what others held, with each
// holder's answer.
type Withdrawal struct {
	Number   uint64          `json:"number,omitzero"` // the ledger's entry; none while it waits
	Type     string          `json:"type"`            // consent.withdrawn, referral.withdrawn, referral.not-needed ...
	By       events.AgencyID `json:"by"`
	Happened time.Time       `json:"happened"`
	Holders  []Holder        `json:"holders"`
	Answered int             `json:"answered"`
	Late     int             `json:"late"` // not answered, and past the time
	Says     string          `json:"says"` // 2 of 3 answered, one late
}

// Holder is one agency that held records, and what it did with them.
type Holder struct {
	Agency   events.AgencyID   `json:"agency"`
	Referral events.ReferralID `json:"referral"`
	Answer   string            `json:"answer"` // erased, restricted, kept, none-yet
	Ground   events.KeepGround `json:"ground,omitzero"`
	Until    time.Time         `json:"until,omitzero"`
	Answered time.Time         `json:"answered,omitzero"`
	Due      time.Time         `json:"due"`
	Late     bool              `json:"late,omitzero"` // the answer is or was late
}

// NoneYet stands for an answer that was not given.
const NoneYet = "none-yet"

// Withdrawals lists what ended the use of records in a case, oldest first, with
// who has answered: as far as this agency sees. Error: *events.Violation.
func (a *Agency) Withdrawals(id events.CaseID) ([]Withdrawal, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return nil, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	return a.withdrawalsIn(f.tentative), nil
}

// Erasure is a withdrawal, and the case that it is about.
type Erasure struct {
	Case events.CaseID
	Withdrawal
}

// Erasures lists what ended the use of records in all cases of this agency's view,
// where somebody held any: the newest first.
func (a *Agency) Erasures() []Erasure {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list, now := []Erasure{}, a.now()
	for _, id := range a.book.ids() {
		f := a.book.files[id]
		if !a.glance(f, now).owed {
			continue
		}
		for _, w := range a.withdrawalsIn(f.tentative) {
			if len(w.Holders) > 0 {
				list = append(list, Erasure{Case: id, Withdrawal: w})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y Erasure) int { return y.Happened.Compare(x.Happened) })
	return list
}

// withdrawalsIn lists those of one case, oldest first. Agency.mu is held.
func (a *Agency) withdrawalsIn(c mou.Case) []Withdrawal {
	trail := c.Trail()
	owed := map[uint64][]Holder{}
	for _, clock := range c.Clocks(a.now()) {
		if clock.Rule == mou.ClockErasure {
			owed[clock.Set] = append(owed[clock.Set], holderOf(trail, clock))
		}
	}
	list := []Withdrawal{}
	for _, item := range trail {
		holders := owed[item.Number]
		if holders != nil || item.Type == events.TypeConsentWithdrawn || item.Type == events.TypeReferralWithdrawn {
			list = append(list, withdrawalOf(item, holders))
		}
	}
	return list
}

func withdrawalOf(item mou.Item, holders []Holder) Withdrawal {
	w := Withdrawal{Number: item.Number, Type: item.Name(), By: item.By, Happened: item.Happened(), Holders: slices.Concat([]Holder{}, holders)}
	if w.Number >= provisional {
		w.Number = 0
	}
	tardy := 0
	for _, h := range holders {
		switch {
		case h.Answer != NoneYet && h.Late:
			tardy++
			w.Answered++
		case h.Answer != NoneYet:
			w.Answered++
		case h.Late:
			w.Late++
		}
	}
	w.Says = tally(len(holders), w.Answered, w.Late, tardy)
	return w
}

// tally is who answered, in one sentence: late is who has not answered in time,
// tardy who answered after it.
func tally(holders, answered, late, tardy int) string {
	if holders == 0 {
		return "nobody held anything"
	}
	text := fmt.Sprintf("%d of %d answered", answered, holders)
	if late > 0 {
		text += ", " + count(late) + " late"
	}
	if tardy > 0 {
		text += ", " + count(tardy) + " answered after the time"
	}
	return text
}

func count(n int) string {
	if n < 10 {
		return []string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}[n]
	}
	return strconv.Itoa(n)
}

func holderOf(trail []mou.Item, clock mou.Clock) Holder {
	h := Holder{
		Agency: clock.Owes, Referral: clock.Referral, Answer: NoneYet, Due: clock.Due,
		Late: clock.State == mou.ClockMissed || clock.State == mou.ClockLateMet,
	}
	at := slices.IndexFunc(trail, func(i mou.Item) bool { return clock.Met != 0 && i.Number == clock.Met })
	if at < 0 {
		return h
	}
	if confirmed, ok := trail[at].Facts.(*events.ErasureConfirmed); ok {
		h.Answer, h.Ground, h.Until, h.Answered = string(confirmed.Answer), confirmed.Ground, confirmed.Until.Time(), trail[at].Admitted
	}
	return h
}
