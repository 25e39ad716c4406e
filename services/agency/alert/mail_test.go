package alert

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"handrail/events"
)

const mailPassword = "mail-password-of-the-test"

func atUnix(seconds int64) time.Time { return time.Unix(seconds, 0) }

// postOffice is a real SMTP server with a certificate that the roots of the
// bell beside it know.
type postOffice struct {
	bell     *bell
	port     int
	security string

	mu     sync.Mutex
	got    []string
	refuse error
}

func newPostOffice(t *testing.T, security string, refuse error) *postOffice {
	t.Helper()
	p := &postOffice{bell: newBell(t, true), security: security, refuse: refuse}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &counter{office: p, conn: c}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "localhost", 10*time.Second, 10*time.Second
	certificates := &tls.Config{Certificates: p.bell.TLS.Certificates}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.port = listener.Addr().(*net.TCPAddr).Port
	switch security {
	case starttls:
		server.TLSConfig = certificates
	case implicit:
		listener = tls.NewListener(listener, certificates)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return p
}

// rota adds mail to duty-1 and duty-2.
func (p *postOffice) rota() string {
	text := strings.Replace(fourPeople, "  duty-2: {", "  duty-2: {mail: duty-2@example.org, ", 1)
	text = strings.Replace(text, "  duty-1: {", "  duty-1: {mail: duty-1@example.org, ", 1)
	login := ", user: handrail, password: smtp.password"
	if p.security == unguarded {
		login = ""
	}
	return text + "smtp: {host: 127.0.0.1, port: " + strconv.Itoa(p.port) + ", security: " + p.security + login + ", from: desk@example.org}\nca: roots.pem\n"
}

func (p *postOffice) letters() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.got...)
}

// counter is one SMTP session.
type counter struct {
	office *postOffice
	conn   *smtp.Conn
	known  bool
	letter strings.Builder
}

func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "handrail" || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		c.known = true
		return nil
	}), nil
}

func (c *counter) Mail(from string, _ *smtp.MailOptions) error {
	if _, secured := c.conn.TLSConnectionState(); c.office.security != unguarded && (!c.known || !secured) {
		return smtp.ErrAuthRequired
	}
	c.letter.WriteString("HELO " + c.conn.Hostname() + "\nMAIL FROM " + from + "\n")
	return c.office.refuse
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.letter.WriteString("RCPT TO " + strings.Replace(to, "duty-", "", 1) + "\n")
	return nil
}

func (c *counter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	c.letter.WriteString(strings.ReplaceAll(string(text), "<duty-", "<"))
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.got = append(c.office.got, c.letter.String())
	return err
}

func (c *counter) Reset() { c.letter.Reset() }

func (c *counter) Logout() error { return nil }

func TestMailGoesOutWithTLSAndPassword(t *testing.T) {
	for _, security := range []string{starttls, implicit} {
		t.Run(security, func(t *testing.T) {
			post := newPostOffice(t, security, nil)
			w := newWorld(t, post.rota())
			w.caFile(post.bell)
			w.write("smtp.password", mailPassword+"\n")
			w.looks(asked(events.Tonight, 1))
			letters := post.letters()
			if len(letters) != 1 {
				t.Fatalf("%v\n%s", letters, w.log.String())
			}
			code := w.list()[0].ID
			for _, want := range []string{
				"HELO localhost\nMAIL FROM desk@example.org\nRCPT TO 1@example.org\n", "Subject: Handrail: the duty desk is needed\r\n", "Message-ID: <msg_",
				"Date: Mon, 16 Nov 2026 12:00:00 +0000\r\n", "Auto-Submitted: auto-generated\r\n", "\r\n\r\nHandrail: something waits for the duty desk, urgent.\r\nOpen the desk.\r\nAlert " + code + ".\r\n",
			} {
				if !strings.Contains(letters[0], want) {
					t.Errorf("there is no %q in\n%s", want, letters[0])
				}
			}
			if strings.Contains(letters[0], "User-Agent") || strings.Contains(letters[0], "X-Mailer") {
				t.Errorf("it names a program:\n%s", letters[0])
			}
		})
	}
}

func TestMailWithoutTLSStaysOnThisMachine(t *testing.T) {
	post := newPostOffice(t, unguarded, nil)
	w := newWorld(t, post.rota())
	w.caFile(post.bell)
	w.looks(asked(events.Tonight, 1))
	if got := post.letters(); len(got) != 1 {
		t.Errorf("%v\n%s", got, w.log.String())
	}
}

func TestMailThatIsRefusedSaysWhyWithoutTheServersWords(t *testing.T) {
	for _, c := range []struct {
		name, security, password, want string
		refuse                         error
	}{
		{"refused", starttls, mailPassword, "code 550", &smtp.SMTPError{Code: 550, Message: "no " + planted + " duty-1@example.org"}},
		{"another password", starttls, "x" + planted, "not with TLS and the password", nil},
		{"no TLS at the server", unguarded, mailPassword, "not with TLS and the password", nil},
		{"words that are no code", starttls, mailPassword, "code ", errors.New(planted)},
	} {
		t.Run(c.name, func(t *testing.T) {
			post := newPostOffice(t, c.security, c.refuse)
			post.security = starttls // what the rota asks for
			w := newWorld(t, post.rota())
			w.caFile(post.bell)
			w.write("smtp.password", c.password)
			w.looks(asked(events.Tonight, 1))
			log := w.log.String()
			if len(post.letters()) != 0 || !strings.Contains(log, c.want) {
				t.Errorf("%v\n%s", post.letters(), log)
			}
			for _, never := range []string{planted, "@", mailPassword, "127.0.0.1"} {
				if strings.Contains(log, never) {
					t.Errorf("%q is in the log:\n%s", never, log)
				}
			}
		})
	}
}

func TestAMailServerThatHangsIsGivenUpAndOthersAreNot(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	silent := &postOffice{port: listener.Addr().(*net.TCPAddr).Port, security: starttls}
	w := newWorld(t, strings.ReplaceAll(silent.rota(), "ca: roots.pem\n", ""))
	w.write("smtp.password", mailPassword)
	bed := asked(events.Tonight, 1)
	ctx, cancel := contextOf(t)
	ended := make(chan error)
	go func() { ended <- w.Run(ctx, func() []Cause { return []Cause{bed} }) }()
	until(t, "the webhook rings", func() bool { return paths(w.bell.heard()) == "duty-1" })
	cancel()
	select {
	case err := <-ended:
		w.must(err)
	case <-time.After(5 * time.Second):
		t.Fatal("a mail server that hangs keeps the service from ending")
	}
}
