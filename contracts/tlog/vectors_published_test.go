package tlog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// publishedDelivery is a vector of a delivery as somebody without our tests reads it.
type publishedDelivery struct {
	Name  string
	Input struct {
		Recipient  events.AgencyID
		Header     string
		Attributes [][2]string
		Data       string
	}
	Refused *struct{ Check string }
}

// Whoever reads only the published files believes what is to be believed in
// them, and nothing else.
func TestPublishedDeliveriesVerify(t *testing.T) {
	for _, name := range []string{"delivery.json", "receipt.json", "refusal.json", "tombstone.json"} {
		b, err := os.ReadFile(filepath.Join(published, name))
		must(t, err)
		var file struct {
			Given struct {
				Hub    events.HubID
				LogKey string `json:"log_key"`
				HubKey string `json:"hub_key"`
			}
			Vectors []publishedDelivery
		}
		must(t, json.Unmarshal(b, &file))
		logKey, err := note.NewVerifier(file.Given.LogKey)
		must(t, err)
		hubKey, err := note.NewVerifier(file.Given.HubKey)
		must(t, err)
		for _, v := range file.Vectors {
			err := v.verify(tlog.Verifier{Hub: file.Given.Hub, Recipient: v.Input.Recipient, Log: logKey, HubKey: hubKey})
			if (err != nil) != (v.Refused != nil) {
				t.Errorf("%s: %s: %v", name, v.Name, err)
			}
		}
	}
}

func (v publishedDelivery) verify(pins tlog.Verifier) error {
	d, err := tlog.ParseDelivery(v.Input.Header)
	if err != nil {
		return err
	}
	var event *events.Event
	if v.Input.Attributes != nil {
		var attributes []events.Attribute
		for _, a := range v.Input.Attributes {
			attributes = append(attributes, events.Attribute{Name: a[0], Value: a[1]})
		}
		e, err := events.Parse(attributes, []byte(v.Input.Data))
		if err != nil {
			return err
		}
		event = &e
	}
	_, err = pins.Verify(d, event)
	return err
}
