package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"handrail/deploy/enrolment"
	"handrail/deploy/local"
	"handrail/events"
)

// joining is one call of `handrail join`.
type joining struct {
	hub, agency, kind string
	admission         string
	renew             bool
	words             comparison
	site              enrolment.Site
}

func joinCommand(o *options) *cobra.Command {
	var j joining
	c := &cobra.Command{
		Use: "join FOLDER", Short: "make this agency's keys and ask a hub to let it in; then take its answer",
		Long: `Joins a hub in two calls, on the machine where the agency's service will run.

  handrail join FOLDER --hub-id HUB --agency ID --kind KIND
      makes every key in FOLDER, which nobody else can enter, and FOLDER/request.json.
      Send that file to the hub's operator and to two agencies of different kinds
      that know you, and read them the eight words on the telephone.

  handrail join FOLDER --admission FILE
      takes the operator's answer. Have another agency of the hub, or the operator,
      read eight words to you: type them in. If they differ, nothing is written.

  handrail join FOLDER --renew
      makes a new key for the broker alone, after a suspension or a loss.

No secret leaves FOLDER. Each call can be repeated.`,
		Args: exactly(1, "the agency's folder"),
		RunE: func(c *cobra.Command, args []string) error {
			folder, err := filepath.Abs(args[0])
			if err != nil {
				return usage(err)
			}
			if j.admission != "" {
				return j.accept(c, o, folder)
			}
			return j.ask(c, o, folder)
		},
	}
	f := c.Flags()
	f.StringVar(&j.hub, "hub-id", "", "the hub's id, as its operator tells it")
	f.StringVar(&j.agency, "agency", "", "this agency's id: a-z, 0-9 and hyphen")
	f.StringVar(&j.kind, "kind", "", "what this agency is: "+strings.Join(events.AgencyKind("").Codes(), ", "))
	f.BoolVar(&j.renew, "renew", false, "make a new key for the broker, and a request for it")
	f.StringVar(&j.admission, "admission", "", "the hub's answer")
	f.StringVar(&j.site.PassphraseFile, "passphrase-file", "", "file of mode 0600 whose first line protects the keys (give it in both calls)")
	f.StringVar(&j.site.Listen, "listen", "", "loopback address for this agency's own systems, host:port (default: a free port)")
	f.StringVar(&j.site.Proxy, "proxy", "", "http://host:port of this site's proxy, if only that gets out")
	j.words.flag(c)
	return c
}

// askedToJoin is what the first call says.
type askedToJoin struct {
	Request string          `json:"request"` // file
	Agency  events.AgencyID `json:"agency"`
	Words   []string        `json:"words"`
}

func (j *joining) ask(c *cobra.Command, o *options, folder string) error {
	if !j.renew && (j.hub == "" || j.agency == "" || j.kind == "") {
		return usage(errors.New("asking a hub needs --hub-id, --agency and --kind; taking its answer needs --admission"))
	}
	r, err := j.request(folder)
	if errors.Is(err, enrolment.ErrJoined) {
		return usage(fmt.Errorf("%w: to renew its access give --admission", err))
	}
	if err != nil {
		return usage(err)
	}
	said := askedToJoin{Request: filepath.Join(folder, enrolment.RequestFile), Agency: r.Listing.Agency, Words: r.Words()}
	return o.show(c.OutOrStdout(), said, func(b *strings.Builder) {
		if j.renew {
			fmt.Fprintf(b, "A new key for the broker is in %s.\n\nNext: send %s to the hub's operator, and read on the telephone:\n", folder, said.Request)
			spoken(b, said.Words)
			return
		}
		fmt.Fprintf(b, "The keys of %s are in %s. They stay there.\n\nNext:\n", said.Agency, folder)
		fmt.Fprintf(b, "  1. Send %s to the hub's operator and to two agencies of different kinds that know you.\n", said.Request)
		b.WriteString("  2. Read these eight words to each of them on the telephone:\n")
		spoken(b, said.Words)
		fmt.Fprintf(b, "\n  3. When the operator's answer is here:  handrail join %s --admission FILE\n", folder)
	})
}

func (j *joining) request(folder string) (enrolment.Request, error) {
	if j.renew {
		return enrolment.Renew(folder)
	}
	return enrolment.Ask(folder, enrolment.Asking{Hub: events.HubID(j.hub), Agency: events.AgencyID(j.agency), Kind: events.AgencyKind(j.kind), PassphraseFile: j.site.PassphraseFile})
}

func (j *joining) accept(c *cobra.Command, o *options, folder string) error {
	a, err := enrolment.ReadAdmission(j.admission)
	if err != nil {
		return usage(err)
	}
	ask := fmt.Sprintf("%s answers %s. Telephone another agency of the hub, at a number that you knew before; they run\n"+
		"`handrail agency pins --as THEIR-ID` and read eight words to you. (A foreign mission asks the operator.)", a.Hub, a.Agency)
	if !enrolment.Unchanged(folder, a) {
		if err := j.words.compare(c, ask, a.Words()); err != nil {
			return err
		}
	}
	if j.site.Listen == "" {
		port, err := local.FreePort(c.Context())
		if err != nil {
			return err
		}
		j.site.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	if j.site.PassphraseFile != "" {
		if j.site.PassphraseFile, err = filepath.Abs(j.site.PassphraseFile); err != nil {
			return usage(err)
		}
	}
	file, err := enrolment.Accept(folder, a, j.site)
	if err != nil {
		return usage(err)
	}
	if err := register(folder, file); err != nil {
		return err
	}
	return o.show(c.OutOrStdout(), file, func(b *strings.Builder) {
		fmt.Fprintf(b, "%s has joined %s: the words agree, and the hub's keys are pinned in %s.\n\nNext:\n", file.Agency, file.Hub, folder)
		if desk := local.DeskOf(file.Kind); desk != "" {
			fmt.Fprintf(b, "  handrail serve %s %s\n", desk, folder)
		}
		fmt.Fprintf(b, "  handrail recovery print --as %s    three sheets, in case this machine is lost\n", folder)
	})
}

// register makes a service in a data directory's own folder known there.
func register(folder string, file local.AgencyFile) error {
	at := local.Layout{Root: filepath.Dir(filepath.Dir(folder))}
	d, err := at.Directions()
	if err != nil || d.Hub != file.Hub || at.Agency(file.Agency) != folder {
		return nil //nolint:nilerr // the folder stands by itself, as it does at an agency
	}
	return at.Register(local.Address{Agency: file.Agency, Kind: file.Kind, Intake: file.Listen})
}
