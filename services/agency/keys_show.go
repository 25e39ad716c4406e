package agency

import (
	"net/http"
	"strconv"
	"time"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/services/agency/keyring"
	"handrail/services/agency/strict"
)

// MemberView is an agency of the directory, as this agency knows it.
type MemberView struct {
	Agency   events.AgencyID    `json:"agency"`
	Kind     events.AgencyKind  `json:"kind"`
	Standing directory.Standing `json:"standing"`
	Signing  events.KeyID       `json:"signing"`
	Sealing  events.KeyID       `json:"sealing"`
	Since    uint64             `json:"since"` // the entry that lists these keys
	Sealable bool               `json:"sealable"`
}

// Directory lists who takes part, in the order of their ids. Error: [ErrNotJoined].
func (a *Agency) Directory() ([]MemberView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.directory == nil {
		return nil, ErrNotJoined
	}
	list := []MemberView{}
	for _, m := range a.directory.Members() {
		_, err := a.sealingKey(m.Agency)
		list = append(list, MemberView{m.Agency, m.Kind, m.Standing, m.KeyID, m.SealingID, m.Since, err == nil && m.Standing == directory.Active})
	}
	return list, nil
}

// KeyView is one of this agency's own keys, without the secret.
type KeyView struct {
	ID        string        `json:"id"`
	Use       keyring.Use   `json:"use"`
	State     keyring.State `json:"state"`          // current, waiting for the ledger's receipt, or aside
	Since     uint64        `json:"since,omitzero"` // the entry that lists the keys in force
	Aside     *time.Time    `json:"aside,omitzero"`
	Destroyed *time.Time    `json:"destroyed,omitzero"` // when it will be
	Protected bool          `json:"protected"`          // by a passphrase
	File      string        `json:"file"`
}

// KeysView is how this agency stands with its own keys.
type KeysView struct {
	Agency    events.AgencyID    `json:"agency"`
	Standing  directory.Standing `json:"standing,omitzero"` // absent: the directory does not list it yet
	Protected bool               `json:"protected"`         // every key file is, by a passphrase
	Next      *time.Time         `json:"next,omitzero"`     // when the sealing key is replaced by itself
	Refused   bool               `json:"refused,omitzero"`  // the hub refused the last change; the old keys go on
	Keys      []KeyView          `json:"keys"`
}

// Keys lists this agency's keys.
func (a *Agency) Keys() (KeysView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	view := KeysView{Agency: a.config.Agency, Protected: true, Refused: a.alarms.stands(alarmRefusedKeys)}
	var since uint64
	if a.directory != nil {
		own, _ := a.directory.Member(a.config.Agency)
		view.Standing, since = own.Standing, own.Since
	}
	if at := a.sealing.since; !at.IsZero() {
		next := at.Add(keyring.SealingLife).UTC().Truncate(time.Second)
		view.Next = &next
	}
	held, err := a.keys.Held()
	if err != nil {
		return view, err
	}
	view.Keys = []KeyView{}
	for _, key := range held {
		view.Protected = view.Protected && key.Protected
		view.Keys = append(view.Keys, keyView(key, since))
	}
	return view, nil
}

// keyView shows a key; since is the entry that lists those in force.
func keyView(key keyring.Key, since uint64) KeyView {
	view := KeyView{ID: key.ID, Use: key.Use, State: key.State, Protected: key.Protected, File: key.File}
	switch key.State {
	case keyring.Current:
		view.Since = since
	case keyring.Aside:
		view.Aside, view.Destroyed = &key.Since, &key.Until
	case keyring.Waiting:
	}
	return view
}

// keyRoutes are what people need about keys and who else takes part.
func (a *Agency) keyRoutes(mux *http.ServeMux, get func(string, route), post func(string, func(*http.Request, []byte) (any, error))) {
	get("/v1/keys", func(*http.Request) (any, error) { return a.Keys() })
	get("/v1/directory", func(*http.Request) (any, error) {
		agencies, err := a.Directory()
		return list("agencies", agencies, err)
	})
	post("/v1/keys/rotate", func(r *http.Request, body []byte) (any, error) {
		var given Rotation
		if err := strict.Read(body, &given); err != nil {
			return nil, err
		}
		id, err := a.Rotate(r.Context(), given)
		return Said{Events: []events.EventID{id}}, err
	})
	mux.HandleFunc("POST /v1/directory/vouchings", a.bodied(http.StatusOK, func(r *http.Request, body []byte) (any, error) {
		var given Vouch
		if err := strict.Read(body, &given); err != nil {
			return nil, err
		}
		return a.Vouch(r.Context(), given)
	}))
}

// keysCheck says how the key files are protected, and what is on its way.
func (a *Agency) keysCheck() Check {
	view, err := a.Keys()
	if err != nil {
		return Check{"keys", false, "The key files cannot be read. Check the disk."}
	}
	text := pick(view.Protected, "The key files are protected by a passphrase.",
		"The key files are not protected by a passphrase: whoever takes this disk can use them. Name a passphrase file in the configuration; keys made from then on are protected.")
	count := map[keyring.State]int{}
	for _, k := range view.Keys {
		count[k.State]++
	}
	if count[keyring.Waiting] > 0 {
		text += " New keys wait for the ledger's receipt; the old ones go on until then."
	}
	if aside := count[keyring.Aside]; aside > 0 {
		text += " Keys that were replaced and are kept for what is still under way: " + strconv.Itoa(aside) + "."
	}
	if lacks := a.keys.Lacks(); len(lacks) > 0 {
		return Check{"keys", false, "The directory lists this agency with a " + string(lacks[0]) + " key that it does not have. " + text}
	}
	return Check{"keys", true, text}
}
