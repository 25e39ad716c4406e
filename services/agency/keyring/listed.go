package keyring

import (
	"slices"

	"handrail/events"
)

// List takes what the directory says of this agency into force.
func (k *Keyring) List(l events.Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listed, k.taken = &l, false
	if !slices.Contains(k.own, l) {
		k.own = append(k.own, l)
	}
}

// Await notes a listing that this agency said, until [Keyring.Settle].
func (k *Keyring) Await(l events.Listing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = &l
}

// Settle says that what was awaited has its answer. If that was yes, List follows.
func (k *Keyring) Settle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = nil
}

// Waiting says whether new keys were said and have no answer yet.
func (k *Keyring) Waiting() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.next != nil
}

// Assume takes the hub's word on the signing key that it heeds, while a new journal's
// directory does not list that yet: what is said meanwhile is signed with it, if it is
// here. An empty id ends that.
func (k *Keyring) Assume(key events.KeyID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.assumed = key
}

// Assumed is the key of [Keyring.Assume]; empty: none.
func (k *Keyring) Assumed() events.KeyID {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.assumed
}

// Usurp notes that somebody else changed this agency's keys, and nobody here knows to
// which, until [Keyring.List].
func (k *Keyring) Usurp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.taken = true
}

// Forget drops all that the directory and this agency said of its keys, for whoever
// is about to read it anew. Keys, listings and what was assumed stay.
func (k *Keyring) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listed, k.next, k.taken = nil, nil, false
}

// Lacks lists the uses for which the directory names a key that is not here: somebody
// else changed them, or the files are old.
func (k *Keyring) Lacks() (uses []Use) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	switch {
	case k.taken:
		return []Use{Signing}
	case k.listed == nil:
		return nil
	}
	for _, use := range Uses(k.config.Kind) {
		if _, held := k.find(use, use.of(*k.listed)); !held {
			uses = append(uses, use)
		}
	}
	return uses
}
