package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"handrail/deploy/local"
	"handrail/services/ledger/audit"
)

func logCommand(o *options) *cobra.Command {
	var verify, leaves bool
	var resume string
	c := &cobra.Command{
		Use: "log --verify", Short: "verify the whole log: every leaf, root, signature and verdict",
		Long: `Reads every entry in its order (each leaf is of its opening, the leaves give the
root that the checkpoint signs, time never decreases), then case by case, and judges
each again by the memorandum: every signature, link, verdict and stored state. Both on
all cores. How fast and how much longer is shown on standard error.

--resume FILE goes on where an earlier run broke off, up to the same checkpoint. The
file is its owner's only: whoever can write to it can have entries counted as verified.

With -o json: size, root, pins, witnessed, witnesses, verified (always true), counts
[entries, refused, cases, judged, signatures, readings, erased, retired, resets], retired_early [entries that ended a case's retention too soon].`,
		Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case !verify && !leaves:
				return usage(errors.New("say what to do with the log: --verify, or --leaves"))
			case verify && leaves:
				return usage(errors.New("--leaves verifies less than --verify: name one of them"))
			case leaves && resume != "":
				return usage(errors.New("--resume is for --verify: --leaves goes on from nothing"))
			}
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			checkpoint, err := auditor.SettledCheckpoint(c.Context())
			if err != nil {
				return err
			}
			of, err := o.wholeLog()
			if err != nil {
				return err
			}
			bar := &progress{out: c.ErrOrStderr()}
			of.Source, of.Pins, of.Checkpoint, of.Resume, of.LeavesOnly, of.Progress = auditor.Log(leaves), auditor.Pins(), checkpoint, resume, leaves, bar.tell
			defer debug.SetGCPercent(debug.SetGCPercent(audit.GarbagePercent))
			report, err := audit.VerifyLog(c.Context(), of)
			bar.end()
			if err != nil {
				return found(err)
			}
			return audit.ShowLog(c.OutOrStdout(), report, o.output == "json")
		},
	}
	c.Flags().BoolVar(&verify, "verify", false, "verify all of it")
	c.Flags().BoolVar(&leaves, "leaves", false, "verify leaves and root only, and judge nothing")
	c.Flags().StringVar(&resume, "resume", "", "file that an earlier run that broke off left, or that this one is to leave")
	return c
}

// wholeLog is a verification of the log of the auditor's hub.
func (o *options) wholeLog() (audit.LogVerification, error) {
	folder, err := o.auditorFolder()
	if err != nil {
		return audit.LogVerification{}, err
	}
	file, err := local.ReadAgencyFile(folder)
	if err != nil {
		return audit.LogVerification{}, err
	}
	return audit.LogVerification{Hub: file.Hub}, nil
}

// progress shows on a terminal a bar, elsewhere a line every few seconds.
type progress struct {
	out   io.Writer
	bar   *progressbar.ProgressBar
	phase int
	next  time.Time
}

const lineEvery = 5 * time.Second

func (p *progress) tell(at audit.LogProgress) {
	what := map[int]string{1: "entries in their order", 2: "entries judged again by case"}[at.Phase]
	if !terminal(p.out) {
		if now := time.Now(); now.After(p.next) || at.Phase != p.phase {
			p.next, p.phase = now.Add(lineEvery), at.Phase
			_, _ = fmt.Fprintf(p.out, "%d of 2, %s: %d of %d, %.0f a second, %s left\n", at.Phase, what, at.Done, at.Of, at.Rate(), at.Left().Round(time.Second))
		}
		return
	}
	if at.Phase != p.phase {
		p.end()
		p.phase = at.Phase
		p.bar = progressbar.NewOptions64(int64(at.Of&(1<<62-1)), progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(fmt.Sprintf("%d of 2, %s", at.Phase, what)),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(p.out) }))
	}
	_ = p.bar.Set64(int64(at.Done & (1<<62 - 1))) // a bar that cannot be drawn stops nothing
}

// end leaves the line of a bar that did not come to its end.
func (p *progress) end() {
	if p.bar != nil && !p.bar.IsFinished() {
		_, _ = fmt.Fprintln(p.out)
	}
}

func terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func completenessCommand(o *options) *cobra.Command {
	var evidence string
	c := &cobra.Command{
		Use: "completeness AGENCY", Short: "check that nothing that an agency sent or was sent is missing",
		Long: `Checks that every delivery number of the agency is of an entry of the log, and that
each of its correctly signed submissions was answered. With --evidence, a file that the
agency wrote with ` + "`handrail evidence`" + `, also that each submission that it can show has a
receipt or refusal that holds, and that what it was delivered is what the log holds now.

With -o json: agency, log_size, assigned, reported, receipts, refusals, events,
tombstones, submissions, shown [submissions, answered, waiting, deliveries].`,
		Args: exactly(1, "the id of an agency"),
		RunE: func(c *cobra.Command, args []string) error {
			agency, err := agencyID(args[0])
			if err != nil {
				return err
			}
			auditor, err := o.openAuditor()
			if err != nil {
				return err
			}
			var shown io.Reader
			if evidence != "" {
				file, err := os.Open(evidence)
				if err != nil {
					return usage(fmt.Errorf("the evidence cannot be read: %w", err))
				}
				defer file.Close()
				shown = file
			}
			complete, err := auditor.Completeness(c.Context(), agency, shown)
			if err != nil {
				return found(err)
			}
			return audit.ShowCompleteness(c.OutOrStdout(), complete, o.output == "json")
		},
	}
	c.Flags().StringVar(&evidence, "evidence", "", "what the agency itself can show: a file of handrail evidence")
	return c
}
