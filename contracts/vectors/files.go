// Package vectors publishes the golden vectors of the wire contract, see
// README.md; its tests hold them to the contract.
package vectors

import (
	"embed"
	"fmt"
)

//go:embed facts.json signature.json
var embedded embed.FS

// File gives one file of vectors that other code imitates: facts.json or
// signature.json.
func File(name string) ([]byte, error) {
	content, err := embedded.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("looking for the vectors %s: %w", name, err)
	}
	return content, nil
}
