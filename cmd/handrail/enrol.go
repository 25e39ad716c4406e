package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handrail/deploy/enrolment"
	"handrail/events"
	"handrail/events/exchange"
)

// enrolling is one call of `handrail enrol`.
type enrolling struct {
	vouchings []string
	admission string
	validity  time.Duration
	words     comparison
}

func enrolCommand(o *options) *cobra.Command {
	var e enrolling
	c := &cobra.Command{
		Use: "enrol REQUEST", Short: "let an agency in, as the hub's operator, when two agencies vouch for it",
		Long: `Takes an agency's request and the vouchings of two agencies of different kinds,
has the ledger list the agency, gives it its account at the broker and writes the
admission, which holds nothing secret. Telephone the agency first, at a number
that you know: it reads eight words to you.

Repeated after a failure it ends what it began. With a request of keys that are
listed already it renews the agency's access; --validity ends that by itself.`,
		Args: exactly(1, "the agency's request"),
		RunE: func(c *cobra.Command, args []string) error { return e.run(c, o, args[0]) },
	}
	c.Flags().StringArrayVar(&e.vouchings, "vouching", nil, "file of an agency that vouches; give it twice or more")
	c.Flags().StringVar(&e.admission, "admission", "", "where to write the answer (default: admission.json beside the request)")
	c.Flags().DurationVar(&e.validity, "validity", 0, "how long the credentials for the broker are good, such as 2160h (default: until they are revoked)")
	e.words.flag(c)
	return c
}

// enrolled is what the command says.
type enrolled struct {
	Agency    events.AgencyID `json:"agency"`
	Entry     uint64          `json:"entry,omitzero"` // 0: it was listed already
	Admission string          `json:"admission"`
	Words     []string        `json:"words"`
}

func (e *enrolling) run(c *cobra.Command, o *options, path string) error {
	r, vouchings, err := e.read(path)
	if err != nil {
		return usage(err)
	}
	at, err := o.at()
	if err != nil {
		return err
	}
	ask := fmt.Sprintf("%s, a %s, asks to join %s. Telephone it, at a number that you knew before; it reads eight words to you.", r.Listing.Agency, r.Listing.Kind, r.Hub)
	if err := e.words.compare(c, ask, r.Words()); err != nil {
		return err
	}
	desk, err := enrolment.OpenDesk(c.Context(), at, o.hub)
	if err != nil {
		return err
	}
	defer func() { _ = desk.Close() }()
	var expires time.Time
	if e.validity > 0 {
		expires = time.Now().Add(e.validity)
	}
	a, entry, err := desk.Enrol(c.Context(), r, vouchings, expires)
	if err != nil {
		return unfinished(err)
	}
	if e.admission == "" {
		e.admission = filepath.Join(filepath.Dir(path), "admission.json")
	}
	if err := a.Write(e.admission); err != nil {
		return err
	}
	said := enrolled{Agency: a.Agency, Entry: entry, Admission: e.admission, Words: a.Words()}
	return o.show(c.OutOrStdout(), said, func(b *strings.Builder) {
		if entry > 0 {
			fmt.Fprintf(b, "%s is listed by entry %d and has its account at the broker.\n", a.Agency, entry)
		} else {
			fmt.Fprintf(b, "%s was listed with these keys already; its access is renewed.\n", a.Agency)
		}
		fmt.Fprintf(b, "\nNext:\n  1. Send %s to it.\n  2. It telephones another agency, or you, for these eight words:\n", e.admission)
		spoken(b, said.Words)
	})
}

func (e *enrolling) read(path string) (enrolment.Request, []events.Vouching, error) {
	r, err := enrolment.ReadRequest(path)
	if err != nil {
		return r, nil, err
	}
	if e.validity < 0 {
		return r, nil, errors.New("--validity is a time to come")
	}
	var all []events.Vouching
	for _, file := range e.vouchings {
		v, err := enrolment.ReadVouching(file, r)
		if err != nil {
			return r, nil, err
		}
		all = append(all, v)
	}
	return r, all, nil
}

// unfinished says what to do when a change was begun and not ended.
func unfinished(err error) error {
	if refused, ok := errors.AsType[*enrolment.RefusedError](err); ok && refused.Status < 500 {
		return usage(err)
	}
	if violation, ok := errors.AsType[*events.Violation](err); ok {
		return usage(fmt.Errorf("%s [%s]", violation.Reason, violation.Rule))
	}
	if errors.Is(err, exchange.ErrAway) {
		return fmt.Errorf("%w; an embedded broker learns it when it starts. Repeat this command when the broker is there", err)
	}
	return fmt.Errorf("%w; repeat this command: it ends what it began", err)
}
