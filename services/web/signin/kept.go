package signin

import (
	"sync"
	"time"
)

// kept is where sessions are: in memory, so that a restart signs everybody out.
type kept struct {
	mu      sync.Mutex
	records map[string]record
}

type record struct {
	data    []byte
	expires time.Time
}

// Find gives a session that has not expired.
func (k *kept) Find(token string) ([]byte, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.records[token]
	return r.data, ok && time.Now().Before(r.expires), nil
}

// Commit stores a session, and forgets those that expired when it is a new one.
func (k *kept) Commit(token string, data []byte, expires time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.records[token]; !known {
		for other, r := range k.records {
			if !time.Now().Before(r.expires) {
				delete(k.records, other)
			}
		}
	}
	k.records[token] = record{data, expires}
	return nil
}

// Delete forgets a session.
func (k *kept) Delete(token string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.records, token)
	return nil
}

// All gives every session that has not expired.
func (k *kept) All() (map[string][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := map[string][]byte{}
	for token, r := range k.records {
		if time.Now().Before(r.expires) {
			all[token] = r.data
		}
	}
	return all, nil
}
