package tlog

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
)

// Statement is the text that the hub signs for a delivery: who gets what under
// which number, and all that the log does not prove of it. Lines as in entries.
func Statement(hub events.HubID, d Delivery) string {
	text := "handrail-delivery v1\n" +
		"hub " + hub.Origin() + "\n" +
		"recipient " + string(d.Recipient) + "\n" +
		"number " + strconv.FormatUint(d.Number, 10) + "\n" +
		"kind " + string(d.Kind) + "\n" +
		"entry " + strconv.FormatUint(d.Entry, 10) + "\n"
	optional := func(name, value string) {
		if value != "" {
			text += name + " " + value + "\n"
		}
	}
	optional("id", string(d.ID))
	optional("sequence", d.Sequence)
	if d.Kind == KindRefusal {
		optional("digest-salt", base64.StdEncoding.EncodeToString(d.DigestSalt[:]))
		if d.Rule != "" {
			optional("rule", string(d.Rule))
			optional("pointer", d.Pointer)
			optional("salted-digest", base64.StdEncoding.EncodeToString(d.Salted[:]))
			optional("index", strconv.FormatUint(d.Index, 10))
		}
	}
	optional("reason", d.Reason)
	return text
}

// Sign gives the delivery with the hub's signed statement. Set every other
// member first.
func (d Delivery) Sign(hub events.HubID, key note.Signer) (Delivery, error) {
	signed, err := note.Sign(&note.Note{Text: Statement(hub, d)}, key)
	if err != nil {
		return Delivery{}, fmt.Errorf("signing a delivery: %w", err)
	}
	d.Statement = signed
	return d, nil
}
