package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// ask sends one request that a key of the directory signed, body and all; by
// nobody it is unsigned.
func (w *world) ask(method, url, body string, by *site) (int, []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, url, bytes.NewReader([]byte(body)))
	w.must(err)
	if by != nil {
		w.must(seal.SignRequest(request, by.signing, by.id, hubID.Origin(), []byte(body), w.now()))
	}
	return w.do(request)
}

// reading has the ledger record that the auditor reads something of a case or an
// agency, and gives the number under which it may.
func (w *world) reading(url string, by *site, what events.Reading, of string) uint64 {
	w.t.Helper()
	asked := ledger.ReadingRequest{What: what}
	switch what {
	case events.ReadingReplay, events.ReadingExport:
		asked.Case = events.CaseID(of)
	case events.ReadingCompleteness:
		asked.Agency = events.AgencyID(of)
	case events.ReadingCases, events.ReadingLog:
	}
	body, err := json.Marshal(asked)
	w.must(err)
	status, answer := w.ask(http.MethodPost, url+"/v1/readings", string(body), by)
	var recorded ledger.ReadingRecorded
	if status != http.StatusCreated || json.Unmarshal(answer, &recorded) != nil || recorded.Reading == 0 || recorded.Size <= recorded.Reading {
		w.t.Fatalf("recording a reading is answered %d %s", status, answer)
	}
	return recorded.Reading
}

// read asks for something under a reading of its own.
func (w *world) read(url, path string, by *site, what events.Reading, of string) (int, []byte) {
	w.t.Helper()
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return w.ask(http.MethodGet, fmt.Sprint(url, path, sign, "reading=", w.reading(url, by, what, of)), "", by)
}
