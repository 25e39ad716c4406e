package audit

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
)

const (
	maxEvidenceLine  = 256 << 10
	maxEvidenceLines = 20_000_000
)

// evidence is what an agency shows of its dealings with the hub, read strictly.
// None of it is believed: it names what is to be compared with the log.
type evidence struct {
	agency      events.AgencyID
	hub         events.HubID
	submissions []shownSubmission
	deliveries  map[uint64]string // headers by their numbers
}

// shownSubmission is a submission that an agency shows.
type shownSubmission struct {
	ID       events.EventID `json:"id"`
	Sequence string         `json:"sequence"`
	Key      events.KeyID   `json:"key"`
	Digest   string         `json:"digest"`
	Answered uint64         `json:"answered"`

	digest [32]byte
}

// readEvidence reads the file that `handrail evidence` writes: first whose it is,
// then submissions and deliveries, a line of JSON each.
func readEvidence(r io.Reader) (*evidence, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxEvidenceLine)
	e := &evidence{deliveries: map[uint64]string{}}
	for n := 1; lines.Scan(); n++ {
		read := e.line
		if n == 1 {
			read = e.head
		}
		if err := read(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("reading the evidence: line %d: %w", n, err)
		}
		if n > maxEvidenceLines {
			return nil, errors.New("reading the evidence: it is longer than any")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the evidence: %w", err)
	}
	if e.agency == "" {
		return nil, errors.New("reading the evidence: it is empty; `handrail evidence --as AGENCY -o FILE` writes one")
	}
	return e, nil
}

func (e *evidence) head(line []byte) error {
	var whose struct {
		Agency events.AgencyID `json:"agency"`
		Hub    events.HubID    `json:"hub"`
	}
	if err := json.Unmarshal(line, &whose, json.RejectUnknownMembers(true)); err != nil || whose.Agency == "" || whose.Hub == "" {
		return errors.New("it does not say whose it is; `handrail evidence --as AGENCY -o FILE` writes what is needed here")
	}
	e.agency, e.hub = whose.Agency, whose.Hub
	return nil
}

func (e *evidence) line(line []byte) error {
	var one struct {
		Submission *shownSubmission `json:"submission"`
		Delivery   string           `json:"delivery"`
	}
	if err := json.Unmarshal(line, &one, json.RejectUnknownMembers(true)); err != nil || (one.Submission == nil) == (one.Delivery == "") {
		return errors.New("it is neither a submission nor a delivery")
	}
	if one.Submission == nil {
		d, err := tlog.ParseDelivery(one.Delivery)
		if err != nil {
			return err
		}
		if other, twice := e.deliveries[d.Number]; twice && other != one.Delivery {
			return fmt.Errorf("it shows delivery %d in two forms", d.Number)
		}
		e.deliveries[d.Number] = one.Delivery
		return nil
	}
	digest, err := hex.DecodeString(one.Submission.Digest)
	if _, bad := events.ParseSequence(one.Submission.Sequence); err != nil || bad != nil || len(digest) != 32 || one.Submission.ID == "" || one.Submission.Key == "" {
		return errors.New("its submission names itself incompletely")
	}
	one.Submission.digest = [32]byte(digest)
	e.submissions = append(e.submissions, *one.Submission)
	return nil
}
