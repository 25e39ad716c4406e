// Command handrail is the command line of the referral hub: it runs the demo
// and the services, and is how people at a terminal work with them.
package main

import (
	"fmt"
	"os"

	"handrail/cmd/internal/process"
)

func main() {
	err := root().Execute()
	if err != nil {
		fmt.Fprintln(os.Stderr, "handrail:", err)
	}
	os.Exit(process.ExitCode(err))
}
