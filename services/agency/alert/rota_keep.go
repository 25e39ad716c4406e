package alert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"handrail/events/seal"
)

// ErrRotaChanged means that the file is another one than the one that was changed.
var ErrRotaChanged = errors.New("the rota was changed by somebody else meanwhile")

// RotaBefore is where the rota goes that a change replaces.
const RotaBefore = RotaFile + ".before"

// Roster is what people change of a rota: who, when, and where each person is reached.
// Servers, secrets and webhooks stay as the file has them. Times and days are written
// as in the file.
type Roster struct {
	Mark         string // of the file that it is from; empty: there is none
	Timezone     string
	WaitTonight  string // 5m
	WaitStandard string
	People       []RosterPerson // in the order of their codes
	Shifts       []RosterShift
	Otherwise    []string

	// MailServer and Gateway say whether there is one; neither can be changed so.
	MailServer, Gateway bool

	// Browsers says whether people can take alerts in their browsers. Contact is where
	// the browsers' makers ask when something is wrong: a mail address or an https one.
	Browsers bool
	Contact  string
}

// RosterPerson is one person. One who leaves the list is forgotten with all channels.
type RosterPerson struct {
	Code    string
	Mail    string
	SMS     string
	Push    bool
	Webhook bool // has one; it is kept
}

// RosterShift is one shift; the first of its people is alerted first.
type RosterShift struct {
	Days, From, To string
	People         []string
}

// Roster gives the rota as the file has it now; an empty one if there is none. An
// error says why the file cannot be read.
func (r *Ringer) Roster() (Roster, error) {
	text, w, err := r.written()
	if err != nil || w == nil {
		return Roster{}, err
	}
	roster := Roster{
		Mark: markOf(text), Timezone: w.Timezone, WaitTonight: w.Wait.Tonight, WaitStandard: w.Wait.Standard, Otherwise: w.Otherwise,
		MailServer: w.SMTP != nil, Gateway: w.SMS != nil, Browsers: w.Push != nil,
	}
	if w.Push != nil {
		roster.Contact = w.Push.Contact
	}
	for _, code := range slices.Sorted(maps.Keys(w.People)) {
		p := w.People[code]
		roster.People = append(roster.People, RosterPerson{Code: code, Mail: p.Mail, SMS: p.SMS, Push: p.Push, Webhook: p.Webhook != nil})
	}
	for _, s := range w.Shifts {
		roster.Shifts = append(roster.Shifts, RosterShift(s))
	}
	return roster, nil
}

// KeepRoster puts a changed rota in force, durably; the old file stays as
// [RotaBefore]. Comments of the file are lost. Errors: [ErrRotaChanged] if the file is
// not the one that the change began with; one *[FaultError] or several, joined, for what is
// wrong; then nothing changes.
func (r *Ringer) KeepRoster(ctx context.Context, changed Roster) error {
	r.keys.Lock()
	defer r.keys.Unlock()
	before, w, err := r.written()
	if err != nil {
		return err
	}
	if w == nil {
		w = &written{}
	}
	if len(before) > 0 && changed.Mark != markOf(before) || len(before) == 0 && changed.Mark != "" {
		return ErrRotaChanged
	}
	if err := w.take(changed); err != nil {
		return err
	}
	text, err := yaml.Marshal(w)
	if err != nil {
		return fmt.Errorf("writing the rota: %w", err)
	}
	if _, err := ParseRota(text); err != nil {
		return err
	}
	if len(before) > 0 {
		if err := seal.ReplaceSecret(filepath.Join(r.config.Dir, RotaBefore), before); err != nil {
			return fmt.Errorf("keeping the rota that was in force: %w", bare(err))
		}
	}
	text = append([]byte("# The duty rota, as the duty page wrote it. It can be changed here too: see the agency service's manual.\n"), text...)
	if err := seal.ReplaceSecret(filepath.Join(r.config.Dir, RotaFile), text); err != nil {
		return fmt.Errorf("keeping the rota: %w", bare(err))
	}
	r.current(ctx)
	r.Nudge()
	return nil
}

// take takes over what was changed.
func (w *written) take(changed Roster) error {
	people := map[string]writtenPerson{}
	var f faults
	for i, p := range changed.People {
		one := w.People[p.Code] // with its webhook
		one.Mail, one.SMS, one.Push = p.Mail, p.SMS, p.Push
		if _, twice := people[p.Code]; twice {
			f.add(fmt.Sprintf("people[%d]", i), "this person stands twice")
		}
		people[p.Code] = one
	}
	w.Timezone, w.Wait, w.People, w.Otherwise = changed.Timezone, writtenWait{changed.WaitTonight, changed.WaitStandard}, people, changed.Otherwise
	w.Shifts = nil
	for _, s := range changed.Shifts {
		w.Shifts = append(w.Shifts, writtenShift(s))
	}
	switch {
	case !changed.Browsers:
		w.Push = nil
	case w.Push == nil:
		w.Push = &writtenPush{Hosts: knownHosts(), Contact: changed.Contact}
	default:
		w.Push.Contact = changed.Contact
	}
	return errors.Join(f...)
}

// knownHosts are the servers of the makers of Chrome, Edge, Firefox and Safari. Who
// trusts fewer, or others, names them in the file.
func knownHosts() []string {
	return []string{"fcm.googleapis.com", "*.notify.windows.com", "updates.push.services.mozilla.com", "web.push.apple.com"}
}

// written reads the file as it stands; nil if there is none.
func (r *Ringer) written() ([]byte, *written, error) {
	text, err := readPrivate(r.config.Dir, RotaFile, rotaBytes)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("reading %s: %w", RotaFile, err)
	case len(bytes.TrimSpace(text)) == 0:
		return text, &written{}, nil
	}
	w, err := readWritten(text)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", RotaFile, err)
	}
	return text, w, nil
}

func markOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Faults lists what an error of a rota says is wrong; nil if it says something else.
func Faults(err error) (list []*FaultError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			list = append(list, Faults(each)...)
		}
		return list
	}
	if one, ok := errors.AsType[*FaultError](err); ok {
		list = append(list, one)
	}
	return list
}
