package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"handrail/contracts/mou"
	"handrail/contracts/papers"
)

func papersCommand() *cobra.Command {
	var ref string
	c := &cobra.Command{
		Use: "papers FOLDER", Short: "write the papers that data-protection law asks for, from a country profile",
		Long: `Writes into a folder, as Markdown: the record of processing, the impact assessment and
the joint controllers' annex. What they say of purposes, data, recipients, periods and
duties is read from the table that judges every event. They are drafts: what stands in
[square brackets] the parties fill in, with their data-protection officers.`,
		Args: exactly(1, "the folder to write to"),
		RunE: func(c *cobra.Command, args []string) error {
			profile, err := mou.LoadProfile(ref)
			if err != nil {
				return usage(err)
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage(fmt.Errorf("the folder cannot be made: %w", err))
			}
			for _, paper := range papers.All() {
				text, err := papers.Write(paper, profile)
				if err != nil {
					return err
				}
				path := filepath.Join(args[0], string(paper)+".md")
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					return usage(fmt.Errorf("a paper cannot be written: %w", err))
				}
				if _, err := fmt.Fprintln(c.OutOrStdout(), path); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&ref, "profile", "model@1", "name@version of the country profile")
	return c
}
