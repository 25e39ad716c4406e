package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

func exportCommand(o *options) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "export CASE|REFERRAL", Short: "take a case's trail away as one file that verifies by itself",
		Long: `Writes one file with everything that is needed to verify and judge the case again,
years later, without the hub and without any network: entries with their proofs, the
checkpoint with the agencies' cosignatures, the directory's keys, the profile's text.
It holds pseudonymous facts, never a section: keep it like the file of a case.
The trail is verified first, and the auditor signs the file.

` + "`handrail audit verify FILE`" + ` verifies it.`,
		Args: exactly(1, "the id of a case or of a referral"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := caseID(args[0])
			if err != nil {
				return err
			}
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			if id, err = auditor.Find(c.Context(), id); err != nil {
				return err
			}
			data, verified, err := auditor.Export(c.Context(), id, time.Now())
			if err != nil {
				return found(err)
			}
			if err := toFile(file, c.OutOrStdout(), func(out io.Writer) error { _, err := out.Write(data); return err }); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.ErrOrStderr(), "Exported case %s, %s.\n%s\n", id, count(uint64(len(verified.Trail.Entries)), "entry", "entries"), verified.Holds())
			return err
		},
	}
	outputFile(c, &file)
	return c
}

func verifyCommand(o *options) *cobra.Command {
	var directory string
	c := &cobra.Command{
		Use: "verify FILE", Short: "verify an export or a proof, with nothing but the file",
		Long: `Verifies a file of ` + "`handrail audit export`" + `, or a C2SP tlog-proof such as ` + "`handrail proof`" + `
writes. It needs no network, no database and no hub; - reads standard input.

Whose log it is, only the pins can tell: they are shown for comparing or, with
--auditor FOLDER, compared with those that the folder has. A proof names no keys: it
needs --auditor, or --directory with an export of the same hub, which also says who
witnessed it.

That nothing was altered or inserted, the file shows, and that nothing was dropped
between two statements. What a hub left out that nothing links to (the newest
statements, refusals, readings), ` + "`handrail audit log --verify`" + ` and ` + "`handrail audit completeness`" + ` find.

Exit code 3 says that it does not verify, and a sentence names the first entry that
fails and why. With -o json: of an export the members of replay, and exported_by,
exported, pins [log, hub, genesis], pins_compared; of a proof number, admitted,
verdict, who, what, id, subject, rule, log_size, witnesses, witnessed, judged.`,
		Args: exactly(1, "a file"),
		RunE: func(c *cobra.Command, args []string) error {
			data, err := readBounded(args[0], c.InOrStdin())
			if err != nil {
				return err
			}
			pins, err := o.pins()
			if err != nil {
				return err
			}
			if audit.IsProof(data) {
				proved, err := o.proved(data, pins, directory)
				if err != nil {
					return found(err)
				}
				return audit.ShowProof(c.OutOrStdout(), proved, o.output == "json")
			}
			export, verified, err := audit.VerifyExport(data, pins)
			if err != nil {
				return found(err)
			}
			return audit.ShowExport(c.OutOrStdout(), export, verified, pins != nil, time.Now(), o.output == "json")
		},
	}
	c.Flags().StringVar(&directory, "directory", "", "an export of the same hub, whose directory says who witnessed a proof")
	return c
}

// pins are those of the folder that --auditor names; nil if none is named. Any
// party's folder has them.
func (o *options) pins() (*audit.Pins, error) {
	if o.auditor == "" {
		return nil, nil //nolint:nilnil // nothing to compare with, which is no error
	}
	file, err := local.ReadAgencyFile(o.auditor)
	if err != nil {
		return nil, usage(fmt.Errorf("--auditor is no folder of a party to a hub: %w", err))
	}
	return &audit.Pins{Log: file.LogKey, Hub: file.HubKey, Genesis: file.Genesis}, nil
}

// proved verifies a proof by pins, or by those of an export.
func (o *options) proved(data []byte, pins *audit.Pins, directory string) (audit.ProvedEntry, error) {
	var with *audit.Verified
	if directory != "" {
		export, err := readBounded(directory, nil)
		if err != nil {
			return audit.ProvedEntry{}, err
		}
		_, verified, err := audit.VerifyExport(export, pins)
		if err != nil {
			return audit.ProvedEntry{}, fmt.Errorf("the export that --directory names: %w", err)
		}
		with = &verified
		if pins == nil {
			pins = &verified.Pins
		}
	}
	if pins == nil {
		return audit.ProvedEntry{}, usage(audit.ErrNoPins)
	}
	return audit.VerifyProof(data, *pins, with)
}

// readBounded reads a file that is no longer than any export.
func readBounded(name string, standard io.Reader) ([]byte, error) {
	from := standard
	if name != "-" || standard == nil {
		file, err := os.Open(name)
		if err != nil {
			return nil, usage(fmt.Errorf("the file cannot be read: %w", err))
		}
		defer file.Close()
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, audit.MaxExportBytes+1))
	if err != nil {
		return nil, usage(fmt.Errorf("the file cannot be read: %w", err))
	}
	return data, nil
}

func approveCommand(o *options) *cobra.Command {
	var reader, file string
	var lasts time.Duration
	c := &cobra.Command{
		Use: "approve cases|log|replay CASE|export CASE|completeness AGENCY", Short: "approve that another auditor reads something",
		Long: `Writes, as the auditor of --auditor, an approval for another auditor, where the
profile asks for a second person. Hand the file over; the other names it with
--approval. It counts for that reading alone, and until it expires.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			what, err := toRead(args)
			if err != nil {
				return err
			}
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			var id events.AgencyID
			if err := id.UnmarshalText([]byte(reader)); err != nil {
				return usage(errors.New("--reader names the auditor who may read, as the directory lists it"))
			}
			now := time.Now()
			approval, err := auditor.Approve(id, what, now.Add(lasts).Truncate(time.Second), now)
			if err != nil {
				return usage(err)
			}
			return toFile(file, c.OutOrStdout(), func(out io.Writer) error { _, err := io.WriteString(out, approval+"\n"); return err })
		},
	}
	c.Flags().StringVar(&reader, "reader", "", "the auditor who may read")
	c.Flags().DurationVar(&lasts, "for", 2*time.Hour, "how long the approval counts, at most 24h")
	outputFile(c, &file)
	return c
}

// toRead is what the words of the command line name.
func toRead(args []string) (ledger.ReadingRequest, error) {
	var what ledger.ReadingRequest
	if err := what.What.UnmarshalText([]byte(args[0])); err != nil {
		return what, usage(errors.New("what is read is cases, log, replay, export or completeness"))
	}
	needs := map[events.Reading]string{events.ReadingReplay: "a case", events.ReadingExport: "a case", events.ReadingCompleteness: "an agency"}[what.What]
	if (needs != "") != (len(args) == 2) {
		return what, usage(fmt.Errorf("an approval for %s names %s", what.What, map[bool]string{true: "nothing else", false: needs}[needs == ""]))
	}
	var err error
	switch needs {
	case "a case":
		what.Case, err = caseID(args[1])
	case "an agency":
		what.Agency, err = agencyID(args[1])
	}
	return what, err
}

func agencyID(text string) (events.AgencyID, error) {
	var id events.AgencyID
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return "", usage(errors.New("an agency id is 1 to 32 of a-z, 0-9 and hyphen; `handrail doctor` lists them"))
	}
	return id, nil
}
