package faults

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/services/agency"
)

// differences compares a case as an agency shows it with what the memorandum
// lets that agency see of the ledger's case: everything that a fold gives.
func differences(got agency.CaseView, want mou.Case) []string {
	var found []string
	compare := func(what string, got, want any) {
		if !sameJSON(got, want) {
			found = append(found, what)
		}
	}
	compare("status", got.Status, want.Status())
	compare("owner", got.Owner, want.Owner())
	compare("age class", got.Age, want.Age())
	compare("unanswered statements", got.Waiting, 0)
	compare("referrals", append([]mou.Referral{}, got.Referrals...), append([]mou.Referral{}, want.Referrals()...))
	compare("clocks", append([]mou.Clock{}, got.Clocks...), append([]mou.Clock{}, want.Clocks(time.Now())...))
	trail := want.Trail()
	if len(got.Trail) != len(trail) {
		return append(found, fmt.Sprintf("%d lines instead of %d", len(got.Trail), len(trail)))
	}
	for i, line := range got.Trail {
		if !sameLine(line, trail[i]) {
			found = append(found, fmt.Sprintf("line %d, %s as entry %d, should be %s as entry %d", i, line.Type, line.Number, trail[i].Name(), trail[i].Number))
		}
	}
	return found
}

func sameLine(l agency.Line, i mou.Item) bool {
	return l.Number == i.Number && l.ID == i.ID && l.Type == i.Name() && l.By == i.By && l.Referral == i.Referral && !l.Waiting &&
		l.Happened.Equal(i.Happened()) && l.Admitted.Equal(i.Admitted) && l.Late == i.Late && sameJSON(l.Facts, i.Facts)
}

// sameJSON compares values as they are written, whatever the order of members.
func sameJSON(a, b any) bool {
	x, errX := canonical(a)
	y, errY := canonical(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func canonical(of any) (jsontext.Value, error) {
	text, err := json.Marshal(of, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	value := jsontext.Value(text)
	return value, value.Canonicalize()
}
