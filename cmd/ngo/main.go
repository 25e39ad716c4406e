// Command ngo serves one shelter, hotline or another helper from its folder: ngo FOLDER.
package main

import (
	"context"
	"errors"
	"os"

	"handrail/cmd/internal/process"
	"handrail/cmd/internal/serve"
)

func main() {
	process.Main("handrail-ngo", func(ctx context.Context, p *process.Process) error {
		if len(os.Args) != 2 {
			return &process.ExitError{Code: process.ExitUsage, Err: errors.New("name the agency's folder")}
		}
		return serve.Agency(ctx, p, os.Args[1], serve.Desks("ngo"), serve.PagesFlags{})
	})
}
