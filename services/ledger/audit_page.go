package ledger

import (
	"net/http"
	"strconv"

	"handrail/events"
)

// pageQuery reads the numbers of a request for a page, and keeps the first that is
// none.
type pageQuery struct {
	r       *http.Request
	problem string
}

// number reads a number of the log; usual is what its absence means.
func (q *pageQuery) number(name string, usual uint64) uint64 {
	text := q.r.URL.Query().Get(name)
	if text == "" {
		return usual
	}
	n, ok := numberOf(text)
	if !ok && q.problem == "" {
		q.problem = name + " is a number from 0 to 2^53-1, in decimal."
	}
	return n
}

// limit reads how much a page may hold.
func (q *pageQuery) limit(usual, most uint64) uint64 {
	n := q.number("limit", usual)
	if (n == 0 || n > most) && q.problem == "" {
		q.problem = "limit is a number from 1 to " + strconv.FormatUint(most, 10) + "."
	}
	return n
}

// refused answers a request that cannot be read.
func (q *pageQuery) refused(w http.ResponseWriter) bool {
	if q.problem != "" {
		refuseHTTP(w, http.StatusBadRequest, string(events.RuleDataRange), q.problem)
	}
	return q.problem != ""
}
