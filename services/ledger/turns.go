package ledger

import "handrail/events"

// inTurn divides what waits, in the order of arrival, into the next batch and the
// rest. When all of it fits, all of it goes. When more waits than a batch takes,
// the senders take turns: everybody's first submission goes before anybody's
// second, so that whoever sends a flood waits behind itself. What goes keeps the
// order of arrival, and every sender's own order stands.
func inTurn(waiting []*submission, most int) (batch, rest []*submission) {
	if len(waiting) <= most {
		return waiting, nil
	}
	turns := make([]int, len(waiting)) // which of its sender's each is
	sent := map[events.AgencyID]int{}
	inRound := make([]int, len(waiting)) // how many are somebody's first, second …
	for i, s := range waiting {
		turns[i] = sent[s.from]
		sent[s.from]++
		inRound[turns[i]]++
	}
	last, room := 0, most // the round that does not fit whole, and how many of it do
	for room >= inRound[last] {
		room -= inRound[last]
		last++
	}
	for i, s := range waiting {
		switch {
		case turns[i] < last:
			batch = append(batch, s)
		case turns[i] == last && room > 0:
			batch, room = append(batch, s), room-1
		default:
			rest = append(rest, s)
		}
	}
	return batch, rest
}
