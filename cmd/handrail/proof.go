package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func proofCommand(o *options) *cobra.Command {
	var id, file string
	c := &cobra.Command{
		Use: "proof ENTRY|EVENT", Short: "take away the proof that the log holds an entry",
		Long: `Writes a C2SP tlog-proof: the entry, its place in the log, and a checkpoint with
the cosignatures of the witnesses. It verifies years later without this agency and
without the hub, by ` + "`handrail audit verify`" + ` or any other verifier of such proofs. It
holds what the log's entry holds: ids, codes and a digest, never the facts.`,
		Args: exactly(1, "the number of an entry or the id of an event"),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			proof, err := d.Proof(c.Context(), args[0])
			if err != nil {
				return refused(err)
			}
			if err := toFile(file, c.OutOrStdout(), func(out io.Writer) error {
				_, err := out.Write(proof.Proof)
				return err
			}); err != nil {
				return err
			}
			compared := "compared with what this agency cosigned"
			if !proof.Connected {
				compared = "newer than what this agency cosigned, so not yet compared with it"
			}
			_, err = fmt.Fprintf(c.ErrOrStderr(), "Entry %d in %s; %s.\n", proof.Entry, witnessedAt(proof.Size, proof.Cosigned), compared)
			return err
		},
	}
	as(c, &id)
	outputFile(c, &file)
	return c
}
