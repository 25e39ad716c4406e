package ledger

import (
	"encoding/base64"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// watch is a site's work as a witness: what it cosigned last, and what it found.
type watch struct {
	witness  tlog.Witness
	findings []events.Finding // of offers that it did not cosign, in order
	offers   int
	said     time.Time // of its last answer
}

// watches lets a site answer what the hub offers it from now on, as C2SP
// tlog-witness says and as an agency does.
func (s *site) watches() {
	s.mu.Lock()
	s.watch = new(watch)
	s.mu.Unlock()
}

// cosigned is the size that the site cosigned last, and what it found instead.
func (s *site) cosigned() (size uint64, findings []events.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch == nil {
		return 0, nil
	}
	return s.watch.witness.Last.Size, s.watch.findings
}

// judgeOffer answers one offer. The site's mu is held.
func (s *site) judgeOffer(e events.Event) error {
	payload, err := events.Decode(e.Type, e.Data)
	if err != nil {
		return err
	}
	offer, ok := payload.(*events.CheckpointOffered)
	if !ok || s.watch == nil {
		return nil
	}
	s.watch.offers++
	note, err := base64.StdEncoding.DecodeString(offer.Checkpoint)
	if err != nil {
		return err
	}
	hashes, err := base64.StdEncoding.DecodeString(offer.Proof)
	if err != nil {
		return err
	}
	proof, err := tlog.SplitHashes(hashes)
	if err != nil {
		return err
	}
	checkpoint, finding, _ := s.watch.witness.Judge(note, offer.Old, proof, s.w.verifier.Log)
	if finding == "" {
		if note, err = s.witness.Cosign(note, s.w.verifier.Log, time.Now()); err != nil {
			return err
		}
		s.watch.witness = tlog.Witness{Last: checkpoint, Note: note}
	} else {
		s.watch.findings = append(s.watch.findings, finding)
	}
	return s.tellCosigned(finding)
}

// tellCosigned tells the hub what the site cosigned last. The site's mu is held.
func (s *site) tellCosigned(finding events.Finding) error {
	answer := &events.CheckpointCosigned{Size: s.watch.witness.Last.Size, Finding: finding}
	if answer.Size > 0 {
		answer.Checkpoint = base64.StdEncoding.EncodeToString(s.watch.witness.Note)
	}
	e := s.draft(answer, "", "")
	if !e.Time.Time().After(s.watch.said) { // the hub heeds no second word of one second
		e.Time = events.At(s.watch.said.Add(time.Second))
	}
	s.watch.said = e.Time.Time()
	signed, err := s.key().Sign(e)
	if err != nil {
		return err
	}
	return s.link.Submit(s.w.test().Context(), exchange.Encode(signed))
}
