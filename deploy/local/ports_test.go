package local

import (
	"sync"
	"testing"
)

// Hubs that start at the same time choose their ports before their services listen.
func TestAPortIsGivenToOneOnly(t *testing.T) {
	var mu sync.Mutex
	given := map[int]bool{}
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 40 {
				port, err := FreePort(t.Context())
				mu.Lock()
				if err != nil || given[port] {
					t.Errorf("port %d is given twice, or none: %v", port, err)
				}
				given[port] = true
				mu.Unlock()
			}
		})
	}
	asking.Wait()
}
