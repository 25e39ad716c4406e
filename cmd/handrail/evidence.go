package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func evidenceCommand(o *options) *cobra.Command {
	var id, file string
	c := &cobra.Command{
		Use: "evidence", Short: "take away what the agency can show of its dealings with the hub",
		Long: `Writes every submission of the agency, by its digest, and every delivery that it
got, as the hub signed it. An auditor checks with it that nothing was dropped:
` + "`handrail audit completeness AGENCY --evidence FILE`" + `. It holds ids, codes and
digests, never a section and never the facts; it does tell who spoke with whom.`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			return toFile(file, c.OutOrStdout(), func(out io.Writer) error {
				if err := d.Evidence(c.Context(), out); err != nil {
					return refused(err)
				}
				return nil
			})
		},
	}
	as(c, &id)
	outputFile(c, &file)
	return c
}

// outputFile gives a command that writes one file -o for its name. It takes the
// place of the flag for the form of the answer, which such a command does not have.
func outputFile(c *cobra.Command, file *string) {
	c.Flags().StringVarP(file, "output", "o", "-", "file to write, readable by you only; - is standard output")
}

// toFile writes a file whole or not at all, for its owner only; what is no file, such
// as a pipe, is written to as it is.
func toFile(name string, standard io.Writer, write func(io.Writer) error) error {
	if name == "-" || name == "" {
		return write(standard)
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return usage(fmt.Errorf("%s is a directory: name a file in it", name))
	case err == nil && !info.Mode().IsRegular():
		return toPipe(name, write)
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".handrail-*") // 0600
	if err != nil {
		return usage(fmt.Errorf("the file cannot be written: %w", err))
	}
	err = errors.Join(write(file), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func toPipe(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return usage(fmt.Errorf("it cannot be written to: %w", err))
	}
	return errors.Join(write(file), file.Close())
}
