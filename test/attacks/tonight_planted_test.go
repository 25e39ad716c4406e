package attacks

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// Words of a night. Numbers are all digits, since nothing else may be in them.
const (
	ofNumber = "90817263540" // four more digits make the longest number that there is
	ofStaff  = "zq7dutyroster2w"
)

// callBack is the person's number, and pocket that of the staff's telephone.
const (
	callBack = "tonight call_back"
	pocket   = "the pocket of duty-1"
)

// tonight plants words in all that is written on a night: who asks for a bed and
// where to call back, a question and its answer, a call to the hotline, and how
// the duty is reached.
func (x *trial) tonight() {
	t := x.t
	x.roster()
	n := &night{arena: x.arena, t: t}
	police, provider := client.People(x.hub.At.Agency(honest)), client.People(x.hub.At.Agency(shelter))
	asked, err := police.Tonight(t.Context(), agency.Tonight{
		Need: events.Set[events.Need]{"emergency-shelter"}, Age: events.Adult, Language: "ron", Bundle: "bed", Dangers: events.Set[events.Safety]{"pursued"},
		CallBack: "+" + x.number.mark(callBack), Safe: x.person.mark("tonight safe"), Name: x.person.mark("tonight name"),
		To: events.Set[events.AgencyID]{shelter},
	})
	must(t, err)
	of := string(asked.Case)
	x.hears(provider, asked.Case)
	eventually(t, "the duty is woken by every channel", func() bool { return x.phone.channels() == 3 })
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "referral.acknowledged", "referral": asked.Referral, "data": map[string]string{"duty": "duty-1"}}, nil))
	x.opened(provider, of, "needs")
	_, err = provider.Ask(t.Context(), agency.Asking{Case: asked.Case, Referral: asked.Referral, Text: x.person.mark("tonight question")})
	must(t, err)
	question := x.opened(police, of, "question")
	_, err = police.Reply(t.Context(), agency.Replying{Case: asked.Case, Question: question, Text: x.person.mark("tonight answer")})
	must(t, err)
	x.opened(provider, of, "question")
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "referral.accepted", "referral": asked.Referral}, nil))
	x.opened(provider, of, "identity")
	x.opened(provider, of, "contact")
	must(t, provider.Post(t.Context(), "/v1/say", map[string]any{"case": of, "type": "handover.completed", "referral": asked.Referral}, nil))
	must(t, client.People(x.hub.At.Agency(hotline)).Post(t.Context(), "/v1/contacts", map[string]string{"topic": "danger-now", "note": x.person.mark("hotline note")}, nil))
	x.world.Case = asked.Case
	must(t, x.world.Tell(t.Context(), "hub records handover.completed by shelter\npolice says case.closed reason=completed\nhub records case.closed by police\n", quiet{}))
	n.healthy(t)
	x.wokenByNothing(asked)
}

// hears waits until a provider has a referral.
func (x *trial) hears(d *client.Client, of events.CaseID) {
	x.t.Helper()
	eventually(x.t, "the referral arrives", func() bool {
		inbox, err := d.Inbox(x.t.Context())
		return err == nil && slices.ContainsFunc(inbox.Waiting, func(w agency.Waiting) bool { return w.Case == of })
	})
}

// opened has staff open a section that they may, and checks that the words which
// were planted are there.
func (x *trial) opened(d *client.Client, of, section string) events.EventID {
	t := x.t
	t.Helper()
	path := "/v1/cases/" + url.PathEscape(of) + "/sections"
	var found agency.SectionView
	eventually(t, section+" is open", func() bool {
		all, err := client.List[agency.SectionView](t.Context(), d, path, "sections")
		i := slices.IndexFunc(all, func(s agency.SectionView) bool { return string(s.Section) == section && s.Open })
		if i >= 0 {
			found = all[i]
		}
		return err == nil && i >= 0
	})
	var opened json.RawMessage
	must(t, d.Post(t.Context(), path+"/"+string(found.Record)+"/open", map[string]string{"role": "duty-worker", "purpose": "accommodation", "basis": "consent", "reader": "duty-1"}, &opened))
	words, numbers := x.person.found(opened), x.number.found(opened)
	if section != "needs" && len(words) == 0 || section == "contact" && !slices.Contains(numbers, callBack) {
		t.Errorf("%s holds %v and %v", section, words, numbers)
	}
	return found.Record
}

// wokenByNothing checks that what woke the duty tells nothing of the case.
func (x *trial) wokenByNothing(asked agency.Asked) {
	for _, heard := range x.phone.all() {
		for _, word := range []string{string(asked.Case), string(asked.Referral), string(honest), "shelter", "adult", "emergency-shelter", "pursued"} {
			if strings.Contains(heard, word) {
				x.t.Errorf("an alert tells %q: %s", word, heard)
			}
		}
		if found := slices.Concat(x.person.found([]byte(heard)), x.junk.found([]byte(heard))); len(found) > 0 || slices.Contains(x.number.found([]byte(heard)), callBack) {
			x.t.Errorf("an alert tells %v", found)
		}
	}
}

// phone is where the duty is reached: a webhook, a gateway for short messages,
// and a mail server.
type phone struct {
	*bell

	mail net.Listener
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	p := &phone{bell: newBell(t)}
	var err error
	p.mail, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = p.mail.Close() })
	go func() {
		for {
			c, err := p.mail.Accept()
			if err != nil {
				return // closed
			}
			go p.receive(c)
		}
	}()
	return p
}

// receive takes mail as any server does, and keeps all of it.
func (p *phone) receive(c net.Conn) {
	defer c.Close()
	in, heard := textproto.NewReader(bufio.NewReader(c)), strings.Builder{}
	answer := "220 mail.example.org"
	for {
		if _, err := io.WriteString(c, answer+"\r\n"); err != nil {
			return
		}
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		heard.WriteString(line + "\n")
		answer = "250 taken"
		switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb {
		case "DATA":
			_, _ = io.WriteString(c, "354 go on\r\n")
			text, err := in.ReadDotBytes()
			if err != nil {
				return
			}
			p.note("mail " + heard.String() + string(text))
		case "QUIT":
			_, _ = io.WriteString(c, "221 bye\r\n")
			return
		}
	}
}

// channels counts the ways by which the duty was reached.
func (p *phone) channels() int {
	by := map[string]bool{}
	for _, heard := range p.all() {
		by[strings.SplitN(heard, " ", 2)[0]] = true
	}
	return len(by)
}

// roster writes who has duty at the shelter, reached in every way.
func (x *trial) roster() {
	x.phone = newPhone(x.t)
	host, port, err := net.SplitHostPort(x.phone.mail.Addr().String())
	must(x.t, err)
	x.writeRota(x.t, fmt.Sprintf(`timezone: UTC
wait: {tonight: 1m, standard: 10m}
people:
  duty-1: {webhook: {url: %q, secret: %s}, mail: %q, sms: %q}
otherwise: [duty-1]
smtp: {host: %q, port: %s, security: none, from: %q}
sms: {url: %q}
`, x.phone.URL+"/hook/"+x.staff.mark("webhook"), bellSecret, x.staff.mark("mail")+"@example.org", "+"+x.number.mark(pocket),
		host, port, x.staff.mark("from")+"@example.org", x.phone.URL+"/"+failing+"/"+x.staff.mark("gateway")), 0o600, 0o600)
}

// nightFiles: the person's number is nowhere when the case is over, and how staff
// are reached stands in the roster alone.
func (x *trial) nightFiles(t *testing.T) {
	roster := filepath.Join("agencies", string(shelter), "rota.yaml")
	inRoster := 0
	for _, p := range []*planted{x.number, x.staff} {
		for file, found := range p.search(t, x.hub.At.Root) {
			if file != roster || slices.Contains(found, callBack) {
				t.Errorf("%s holds %v", file, found)
			}
			if file == roster {
				inRoster += len(found)
			}
		}
	}
	if inRoster < 5 {
		t.Errorf("the search finds %d of the words in the roster", inRoster)
	}
	log, err := os.ReadFile(x.hub.At.Log(string(shelter)))
	must(t, err)
	if !strings.Contains(string(log), "500") {
		t.Error("the shelter's log says nothing of the gateway that failed, so it proves nothing")
	}
}
