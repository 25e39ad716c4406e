package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"handrail/events"
)

// writeMissions stores the listing of each founding foreign mission beside genesis
// and gives the digest of its data, which the mission pins as others pin genesis.
func writeMissions(l Layout, missions []*events.DirectoryListed) (map[events.AgencyID]string, error) {
	pins := map[events.AgencyID]string{}
	for i, m := range missions {
		if err := os.MkdirAll(filepath.Join(l.Hub(), missionsDir), 0o700); err != nil {
			return nil, err
		}
		data, err := events.Encode(m)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(data)
		pins[m.Agencies[0].Agency] = hex.EncodeToString(digest[:])
		if err := os.WriteFile(filepath.Join(l.Hub(), missionsDir, fmt.Sprintf("%03d.json", i)), data, 0o600); err != nil {
			return nil, err
		}
	}
	return pins, nil
}

// readMissions reads what writeMissions stored, in the same order.
func readMissions(l Layout) ([]events.DirectoryListed, error) {
	files, err := filepath.Glob(filepath.Join(l.Hub(), missionsDir, "*.json"))
	if err != nil {
		return nil, err
	}
	var missions []events.DirectoryListed
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		payload, err := events.Decode(events.TypeDirectoryListed, data)
		if err != nil {
			return nil, err
		}
		listed, ok := payload.(*events.DirectoryListed)
		if !ok {
			return nil, errors.New("the file of a foreign mission lists nobody")
		}
		missions = append(missions, *listed)
	}
	return missions, nil
}
