package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"handrail/contracts/words"
	"handrail/deploy/local"
	"handrail/services/agency/recovery"
)

func recoveryCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{
		Use: "recovery", Short: "three printed sheets, of which any two bring this agency's keys back",
		Long: `handrail recovery print --as ID | lp      three pages, for three people who do not
                                           keep them in one place
handrail recovery restore KIT FOLDER       on another machine, with two of them

KIT is the folder "recovery" in the agency's folder: ciphertext only. Copy it to
another place after printing and after every change of keys.`,
	})
	c.AddCommand(printKitCommand(o), restoreCommand(o))
	return c
}

func printKitCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "print", Short: "make a new kit and write its three sheets to standard output", Args: exactly(0, "no argument"),
		Long: `The words stand on the sheets and nowhere else: send them to a printer, not into a
file. Sheets of an earlier kit open nothing that is written from now on.`,
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := o.folder(id)
			if err != nil {
				return err
			}
			file, err := local.ReadAgencyFile(folder)
			if err != nil {
				return usage(fmt.Errorf("this is not an agency's folder: %w", err))
			}
			sheets, err := recovery.Print(folder, rand.Reader)
			if err != nil {
				return err
			}
			var b strings.Builder
			for i, sheet := range sheets {
				if i > 0 {
					b.WriteString("\f")
				}
				sheetText(&b, file, sheet)
			}
			if _, err := fmt.Fprint(c.OutOrStdout(), b.String()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.ErrOrStderr(), "Give the sheets to three people, and copy %s to another place.\n", filepath.Join(folder, recovery.Dir))
			return err
		},
	}
	as(c, &id)
	return c
}

func sheetText(b *strings.Builder, file local.AgencyFile, s recovery.Sheet) {
	fmt.Fprintf(b, "HANDRAIL  recovery kit %s  sheet %d of %d\n%s at the hub %s\n\n", s.Kit, s.Number, recovery.Sheets, file.Agency, file.Hub)
	b.WriteString("Any two of the three sheets open this agency's keys; one alone opens nothing.\nKeep it where no other sheet is. Never photograph it, never type it but here:\n\n    handrail recovery restore KIT FOLDER\n\n")
	for i, word := range s.Words {
		fmt.Fprintf(b, "    %2d  %s\n", i+1, word)
	}
	b.WriteString("\nIs it lost?  handrail recovery print --as " + string(file.Agency) + "  makes a new kit.\nAre two of them in other hands?  Have the hub's operator suspend the agency at once.\n")
}

func restoreCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "restore KIT FOLDER", Short: "bring an agency's keys back into an empty folder, with two sheets", Args: exactly(2, "the folder of the kit, and the folder to restore into"),
		RunE: func(c *cobra.Command, args []string) error {
			one, err := readSheet(c, "the first")
			if err != nil {
				return err
			}
			two, err := readSheet(c, "the second")
			if err != nil {
				return err
			}
			names, err := recovery.Restore(args[0], args[1], one, two)
			if err != nil {
				return usage(err)
			}
			return o.show(c.OutOrStdout(), map[string]any{"folder": args[1], "files": names}, func(b *strings.Builder) {
				fmt.Fprintf(b, "The keys are in %s: %s.\n\nNext:\n", args[1], strings.Join(names, ", "))
				fmt.Fprintf(b, "  1. Make sure that the machine of before is off for good, or have the operator suspend the agency.\n")
				fmt.Fprintf(b, "  2. Start the service here, and  handrail agency rotate-keys --as %s\n", args[1])
				fmt.Fprintf(b, "  3. Once it rings witness-lost, compare a checkpoint with another agency's people, and  handrail witness reset --as %s\n", args[1])
				b.WriteString("  The hub delivers again what it still has, with what this agency said itself. Drafts are lost with the machine.\n")
			})
		},
	}
}

// readSheet asks for one sheet's number and words.
func readSheet(c *cobra.Command, which string) (recovery.Sheet, error) {
	number, err := answer(c, "Number of "+which+" sheet (1, 2 or 3): ")
	if err != nil {
		return recovery.Sheet{}, err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > recovery.Sheets {
		return recovery.Sheet{}, usage(errors.New("a sheet has the number 1, 2 or 3"))
	}
	typed, err := answer(c, "Its twelve words: ")
	if err != nil {
		return recovery.Sheet{}, err
	}
	got, err := words.ReadSecret(typed)
	if err != nil {
		return recovery.Sheet{}, usage(err)
	}
	return recovery.Sheet{Number: n, Words: got}, nil
}
