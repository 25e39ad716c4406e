// Command coordinator serves one coordinator from its folder: coordinator FOLDER.
package main

import (
	"context"
	"errors"
	"os"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
)

func main() {
	process.Main("handrail-coordinator", func(ctx context.Context, p *process.Process) error {
		if len(os.Args) != 2 {
			return &process.ExitError{Code: process.ExitUsage, Err: errors.New("name the agency's folder")}
		}
		return serve.Agency(ctx, p, os.Args[1], serve.Desks("coordinator"), serve.PagesFlags{})
	})
}
