package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"handrail/contracts/directory"
	"handrail/deploy/enrolment"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
)

func agenciesCommand(o *options) *cobra.Command {
	c := group(&cobra.Command{
		Use: "agency", Short: "who takes part: list, vouch, suspend, resume, revoke, rotate keys",
		Long: `For the hub's operator: list, suspend, resume, revoke, broker-accounts.
For an agency's staff:  vouch, pins, keys, rotate-keys.

A device is lost?  handrail agency suspend ID --because device-lost
It counts at once, and is undone in a second.`,
	})
	c.AddCommand(
		listAgenciesCommand(o), suspendCommand(o), resumeCommand(o), revokeCommand(o),
		vouchCommand(o), pinsCommand(o), keysCommand(o), rotateCommand(o), brokerAccountsCommand(o),
	)
	return c
}

func listAgenciesCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "every agency that was ever listed, as it stands now", Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := o.at()
			if err != nil {
				return err
			}
			registry, err := enrolment.OpenRegistry(at, o.hub)
			if err != nil {
				return err
			}
			members, err := registry.Members(c.Context())
			if err != nil {
				return err
			}
			return o.show(c.OutOrStdout(), members, func(b *strings.Builder) {
				fmt.Fprintf(b, "%-28s %-18s %-10s %8s %8s  %s\n", "agency", "kind", "", "since", "stored", "signing key")
				for _, m := range members {
					fmt.Fprintf(b, "%-28s %-18s %-10s %8d %8d  %s\n", m.Agency, m.Kind, m.Standing, m.Since, m.Position, shortKey(m.Signing))
				}
			})
		},
	}
}

// shortKey is enough of a key's id to tell two apart.
func shortKey(id events.KeyID) string { return string(id[:min(16, len(id))]) }

// changed is what a command of the operator's says.
type changed struct {
	Agency   events.AgencyID    `json:"agency"`
	Standing directory.Standing `json:"standing"`
	Entry    uint64             `json:"entry,omitzero"` // 0: the log said so already
}

// standing runs one change of an agency's standing.
func (o *options) standing(c *cobra.Command, id string, now directory.Standing, effect string, change func(context.Context, *enrolment.Desk, events.AgencyID) (uint64, error)) error {
	var agency events.AgencyID
	if err := agency.UnmarshalText([]byte(id)); err != nil {
		return usage(fmt.Errorf("%q is no agency's id", id))
	}
	at, err := o.at()
	if err != nil {
		return err
	}
	desk, err := enrolment.OpenDesk(c.Context(), at, o.hub)
	if err != nil {
		return err
	}
	defer func() { _ = desk.Close() }()
	entry, err := change(c.Context(), desk, agency)
	if err != nil {
		return unfinished(err)
	}
	return o.show(c.OutOrStdout(), changed{Agency: agency, Standing: now, Entry: entry}, func(b *strings.Builder) {
		if entry > 0 {
			fmt.Fprintf(b, "%s is %s, by entry %d. %s\n", agency, now, entry, effect)
		} else {
			fmt.Fprintf(b, "The log said already that %s is %s; the broker was told again.\n", agency, now)
		}
	})
}

func suspendCommand(o *options) *cobra.Command {
	var because events.SuspensionGround
	c := &cobra.Command{
		Use: "suspend ID", Short: "cut an agency off until it is resumed: its connections end at once", Args: exactly(1, "the agency's id"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := because.UnmarshalText([]byte(because)); err != nil {
				return usage(fmt.Errorf("--because is one of %s", strings.Join(because.Codes(), ", ")))
			}
			undo := "handrail agency resume " + args[0]
			if because.InDoubt() {
				undo += " --request FILE   (--same-access if nobody had the device; see deploy/LOST-LAPTOP.md)"
			}
			return o.standing(c, args[0], directory.Suspended, "Its connections ended, nothing of it is admitted, nothing goes to it; what is for it waits.\nUndo:  "+undo,
				func(ctx context.Context, d *enrolment.Desk, a events.AgencyID) (uint64, error) {
					return d.Suspend(ctx, a, because)
				})
		},
	}
	c.Flags().StringVar((*string)(&because), "because", "", "why: "+strings.Join(because.Codes(), ", "))
	return c
}

func resumeCommand(o *options) *cobra.Command {
	var request, admission string
	var same bool
	var w comparison
	c := &cobra.Command{
		Use: "resume ID", Short: "end a suspension", Args: exactly(1, "the agency's id"),
		Long: `The agency connects again by itself, and gets what waited.

After a suspension because a device was lost or keys are in doubt, its credentials
for the broker do not count again: it runs ` + "`handrail join FOLDER --renew`" + ` and reads you
the words of the request. With --same-access they do, if the device was found and
nobody had it.`,
		RunE: func(c *cobra.Command, args []string) error {
			effect := "It connects again by itself, and gets what waited."
			change := func(ctx context.Context, d *enrolment.Desk, a events.AgencyID) (uint64, error) {
				return d.Resume(ctx, a, same)
			}
			if request != "" {
				r, err := enrolment.ReadRequest(request)
				if err != nil {
					return usage(err)
				}
				if string(r.Listing.Agency) != args[0] {
					return usage(fmt.Errorf("the request is of %s", r.Listing.Agency))
				}
				if err := w.compare(c, "Telephone "+args[0]+", at a number that you knew before; it reads eight words to you.", r.Words()); err != nil {
					return err
				}
				if admission == "" {
					admission = filepath.Join(filepath.Dir(request), "admission.json")
				}
				effect = "Send " + admission + " to it:  handrail join FOLDER --admission FILE"
				change = func(ctx context.Context, d *enrolment.Desk, _ events.AgencyID) (uint64, error) {
					a, entry, err := d.ResumeRenewed(ctx, r)
					if err != nil {
						return entry, err
					}
					return entry, a.Write(admission)
				}
			}
			err := o.standing(c, args[0], directory.Active, effect, change)
			if errors.Is(err, exchange.ErrDoubted) {
				return usage(fmt.Errorf("%w: have the agency run `handrail join FOLDER --renew` and give its request with --request; or --same-access if nobody had the device", exchange.ErrDoubted))
			}
			return err
		},
	}
	c.Flags().StringVar(&request, "request", "", "the agency's request for a new key at the broker")
	c.Flags().StringVar(&admission, "admission", "", "where to write the answer to it (default: admission.json beside the request)")
	c.Flags().BoolVar(&same, "same-access", false, "the credentials of before count again")
	w.flag(c)
	return c
}

func revokeCommand(o *options) *cobra.Command {
	var because events.RevocationGround
	c := &cobra.Command{
		Use: "revoke ID", Short: "end an agency's keys for good; it comes back with new ones only", Args: exactly(1, "the agency's id"),
		Long: `None of the agency's keys counts from the entry on. What was sealed to them and
waits is destroyed and never released; each sender is asked to seal it anew. The
agency comes back, if it does, by handrail join with new keys and new vouchings.

If you are not sure, suspend: that is undone in a second.`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := because.UnmarshalText([]byte(because)); err != nil {
				return usage(fmt.Errorf("--because is one of %s", strings.Join(because.Codes(), ", ")))
			}
			return o.standing(c, args[0], directory.Revoked, "Its connections ended and its keys count no longer. Waiting records for it are destroyed; their senders are told.",
				func(ctx context.Context, d *enrolment.Desk, a events.AgencyID) (uint64, error) {
					return d.Revoke(ctx, a, because)
				})
		},
	}
	c.Flags().StringVar((*string)(&because), "because", "", "why: "+strings.Join(because.Codes(), ", "))
	return c
}

func vouchCommand(o *options) *cobra.Command {
	var id, staff, out string
	var w comparison
	c := &cobra.Command{
		Use: "vouch REQUEST", Short: "vouch, with this agency's key, for the keys of one that asks to join", Args: exactly(1, "the request of the agency that asks to join"),
		Long: `Telephone the agency that asks, at a number that you knew before: its people read
eight words to you. Type them in. Only if they agree does this agency sign that
the keys in the request are theirs, and writes the vouching for the hub's operator.`,
		RunE: func(c *cobra.Command, args []string) error {
			r, err := enrolment.ReadRequest(args[0])
			if err != nil {
				return usage(err)
			}
			d, err := o.desk(id)
			if err != nil {
				return err
			}
			ask := fmt.Sprintf("%s, a %s, asks to join %s. Telephone it, at a number that you knew before; it reads eight words to you.", r.Listing.Agency, r.Listing.Kind, r.Hub)
			if err := w.compare(c, ask, r.Words()); err != nil {
				return err
			}
			var said struct {
				Vouching events.Vouching `json:"vouching"`
				Digest   string          `json:"digest"`
			}
			if err := d.Post(c.Context(), "/v1/directory/vouchings", map[string]any{"listing": r.Listing, "staff": staff}, &said); err != nil {
				return refused(err)
			}
			if out == "" {
				out = filepath.Join(filepath.Dir(args[0]), "vouching-"+string(said.Vouching.Agency)+".json")
			}
			if err := enrolment.WriteVouching(out, r, said.Vouching); err != nil {
				return err
			}
			return o.show(c.OutOrStdout(), map[string]any{"vouching": out, "for": r.Listing.Agency, "by": said.Vouching.Agency}, func(b *strings.Builder) {
				fmt.Fprintf(b, "%s vouches for %s.\n\nNext:  send %s to the hub's operator.\n", said.Vouching.Agency, r.Listing.Agency, out)
			})
		},
	}
	as(c, &id)
	c.Flags().StringVar(&staff, "staff", "supervisor", "who compared the words: a role and code, never a name")
	c.Flags().StringVar(&out, "vouching", "", "where to write it (default: vouching-ID.json beside the request)")
	w.flag(c)
	return c
}

func pinsCommand(o *options) *cobra.Command {
	var id string
	c := &cobra.Command{
		Use: "pins", Short: "the eight words of this hub's keys, to read to an agency that joins", Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := o.folder(id)
			if err != nil {
				return err
			}
			all, err := enrolment.WordsOf(folder)
			if err != nil {
				return usage(err)
			}
			return o.show(c.OutOrStdout(), map[string]any{"words": all}, func(b *strings.Builder) {
				b.WriteString("Read these to the agency that joins, when it rings you:\n")
				spoken(b, all)
			})
		},
	}
	as(c, &id)
	return c
}

// folder of the agency whose staff is at the terminal: an id of the data directory,
// or the folder itself.
func (o *options) folder(id string) (string, error) {
	if strings.ContainsRune(id, filepath.Separator) {
		return filepath.Abs(id)
	}
	if id == "" {
		return "", usage(errors.New("--as says which agency: its id in the data directory, or its folder"))
	}
	at, err := o.at()
	return at.Agency(events.AgencyID(id)), err
}

func brokerAccountsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "broker-accounts", Short: "what a nats-server includes to trust this hub's accounts; see deploy/nats", Args: exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := o.at()
			if err != nil {
				return err
			}
			if _, err := at.Directions(); err != nil {
				return err
			}
			accounts, err := at.BrokerAccounts()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.OutOrStdout(), local.NATSAccounts(exchange.Accounts{OperatorJWT: accounts.Operator, SystemAccount: accounts.System, Resolver: accounts.Accounts}))
			return err
		},
	}
}
