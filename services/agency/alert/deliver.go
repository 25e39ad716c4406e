package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"handrail/services/agency/webhook"
)

const secretBytes = 4 << 10

// deliver sends one message by one channel. Errors say what kind of thing went
// wrong and never hold an address, a number, a URL, or what the other side said.
func (r *Rota) deliver(ctx context.Context, dir string, to destination, m message) error {
	roots, err := r.roots(dir)
	if err != nil {
		return err
	}
	text := wordings()[r.language].say(m.urgency, m.codes)
	p := r.people[to.staff]
	switch to.channel {
	case Webhook:
		return p.sendWebhook(ctx, dir, roots, m, text)
	case Mail:
		return r.smtp.send(ctx, dir, roots, p.mail, m, wordings()[r.language].subject, text)
	case SMS:
		return r.sms.send(ctx, dir, roots, p.number, text)
	case Push: // the ringer does, which knows the browsers: see pushTo
	}
	return errors.New("there is no such channel")
}

// roots gives how others prove who they are.
func (r *Rota) roots(dir string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.ca == "" {
		return config, nil
	}
	text, err := readPrivate(dir, r.ca, rotaBytes)
	if err != nil {
		return nil, fmt.Errorf("reading ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("reading ca: the file holds no certificate")
	}
	config.RootCAs = pool
	return config, nil
}

// secret reads a password or token: the file's text without the space around it.
func secret(dir, name string) (string, error) {
	text, err := readPrivate(dir, name, secretBytes)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(text))
	if value == "" || strings.ContainsAny(value, "\r\n") {
		return "", errors.New("the file holds one line, the secret")
	}
	return value, nil
}

// hookSecret reads a webhook's secret from its file.
func hookSecret(dir, name string) ([]byte, error) {
	text, err := secret(dir, name)
	if err != nil {
		return nil, err
	}
	return webhook.Key(text)
}

// unreadable gives, by field, what is wrong with the files that the rota names.
func (r *Rota) unreadable(dir string) map[string]string {
	wrong := map[string]string{}
	if r == nil {
		return wrong
	}
	note := func(field string, err error) {
		if err != nil {
			wrong[field] = "A file that the rota names at " + field + " cannot be used: " + err.Error()
		}
	}
	_, err := r.roots(dir)
	note("ca", err)
	if r.smtp.password != "" {
		_, err := secret(dir, r.smtp.password)
		note("smtp.password", err)
	}
	if r.sms.token != "" {
		_, err := secret(dir, r.sms.token)
		note("sms.token", err)
	}
	for staff, p := range r.people {
		if p.secret != "" {
			_, err := hookSecret(dir, p.secret)
			note("people."+string(staff)+".webhook.secret", err)
		}
	}
	return wrong
}
