package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wneessen/go-mail"

	"handrail/services/agency/webhook"
)

// send sends one mail. Without TLS only a server on this machine is called. The
// mail names no machine and no program of the agency.
func (s mailServer) send(ctx context.Context, dir string, roots *tls.Config, to string, m message, subject, text string) error {
	roots = roots.Clone()
	roots.ServerName = s.host
	options := []mail.Option{
		mail.WithPort(s.port), mail.WithTimeout(patience), mail.WithHELO("localhost"), mail.WithTLSConfig(roots), mail.WithoutNoop(),
		mail.WithDialContextFunc(s.dial(ctx, roots)),
	}
	login := mail.SMTPAuthAutoDiscover
	switch s.security {
	case starttls:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case implicit:
		options = append(options, mail.WithSSL())
		login = mail.SMTPAuthPlainNoEnc // the connection is TLS, which the library does not see as it was dialled here
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.user != "" {
		password, err := secret(dir, s.password)
		if err != nil {
			return fmt.Errorf("reading the password: %w", err)
		}
		options = append(options, mail.WithSMTPAuth(login), mail.WithUsername(s.user), mail.WithPassword(password))
	}
	client, err := mail.NewClient(s.host, options...)
	if err != nil {
		return errors.New("the mail server's settings cannot be used")
	}
	letter, err := s.letter(to, m, subject, text)
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, letter); err != nil {
		return mailKind(err)
	}
	return nil
}

// dial connects to the mail server. The connection ends with ctx, which the
// library does not see to once it is made.
func (s mailServer) dial(ctx context.Context, roots *tls.Config) mail.DialContextFunc {
	return func(dialling context.Context, network, address string) (net.Conn, error) {
		plain := webhook.Dialer(s.security == unguarded)
		connect := plain.DialContext
		if s.security == implicit {
			connect = (&tls.Dialer{NetDialer: plain, Config: roots}).DialContext
		}
		conn, err := connect(dialling, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() }) // closed already, if all went well
		}
		return conn, err
	}
}

// letter writes a mail whose Message-ID is the same for every try.
func (s mailServer) letter(to string, m message, subject, text string) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if letter.From(s.from) != nil || letter.To(to) != nil {
		return nil, errors.New("an address cannot be used")
	}
	_, domain, _ := strings.Cut(s.from, "@")
	letter.SetMessageIDWithValue(m.id + "@" + domain)
	letter.SetDateWithValue(m.at.UTC())
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.Subject(subject)
	letter.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(text, ". ", ".\r\n")+"\r\n") // short lines, so that no code is broken in two
	return letter, nil
}

var (
	errMailRefused  = errors.New("the mail server answered")
	errMailNotTaken = errors.New("the mail server did not take")
)

// mailKind is [webhook.KindOf] with the codes of SMTP, never with the server's words.
func mailKind(err error) error {
	var refused *mail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() != 0 {
		return fmt.Errorf("%w with code %d", errMailRefused, refused.ErrorCode())
	}
	kind := webhook.KindOf(err)
	if errors.Is(kind, webhook.ErrConnection) {
		return fmt.Errorf("%w the message, or not with TLS and the password", errMailNotTaken)
	}
	return kind
}
