// Command waits says its process id and waits to be ended; a test starts it with `go run`.
package main

import (
	"context"
	"fmt"
	"os"

	"handrail/cmd/internal/process"
)

func main() {
	process.Main("waits", func(ctx context.Context, _ *process.Process) error {
		fmt.Println(os.Getpid())
		<-ctx.Done()
		return ctx.Err()
	})
}
