// Command ledger serves the hub's ledger of a data directory: ledger DIR.
package main

import (
	"context"
	"errors"
	"os"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
	"handrail/deploy/local"
)

func main() {
	process.Main("handrail-ledger", func(ctx context.Context, p *process.Process) error {
		if len(os.Args) != 2 {
			return &process.ExitError{Code: process.ExitUsage, Err: errors.New("name the data directory")}
		}
		return serve.Ledger(ctx, p, local.Layout{Root: os.Args[1]})
	})
}
