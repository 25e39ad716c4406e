package alert

import (
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/services/agency/webhook"
)

var fileSyntax = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// fileName checks the name of a file that holds a secret.
func fileName(name string) error {
	if !fileSyntax.MatchString(name) || name == RotaFile {
		return errors.New("name a file in the agency's folder, without a path")
	}
	return nil
}

// How the connection to a mail server is protected.
const (
	starttls  = "starttls"
	implicit  = "implicit"
	unguarded = "none"
)

var hostSyntax = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

func (w *writtenSMTP) server(f *faults) mailServer {
	if w == nil {
		return mailServer{}
	}
	s := mailServer{w.Host, w.Port, w.Security, w.User, w.Password, w.From}
	if !hostSyntax.MatchString(s.host) && net.ParseIP(s.host) == nil {
		f.add("smtp.host", "name the mail server")
	}
	switch s.security {
	case "", starttls:
		s.security = starttls
	case implicit:
	case unguarded:
		if !webhook.Loopback(s.host) {
			f.add("smtp.security", "none is only for a mail server on this machine: take starttls or implicit")
		}
	default:
		f.add("smtp.security", "it is starttls, implicit or none")
	}
	if s.port == 0 {
		s.port = map[string]int{starttls: 587, implicit: 465, unguarded: 25}[s.security]
	}
	if s.port < 1 || s.port > 65535 {
		f.add("smtp.port", "a port is 1 to 65535")
	}
	if (s.user == "") != (s.password == "") || len(s.user) > 256 {
		f.add("smtp.user", "user and password go together; password is the name of a file")
	}
	if s.password != "" {
		f.check("smtp.password", fileName(s.password))
		if s.security == unguarded {
			f.add("smtp.security", "a password needs starttls or implicit")
		}
	}
	if !mailSyntax.MatchString(s.from) {
		f.check("smtp.from", errMail)
	}
	return s
}

func (w *writtenSMS) gateway(f *faults) gateway {
	if w == nil {
		return gateway{}
	}
	g := gateway{url: w.URL, token: w.Token}
	f.check("sms.url", webhook.CheckURL(g.url))
	if g.token != "" {
		f.check("sms.token", fileName(g.token))
	}
	text := w.Body
	if text == "" {
		text = `{"number": "{number}", "text": "{text}"}`
	}
	hasNumber := strings.Contains(text, "{number}") || strings.Contains(text, "{digits}")
	if err := json.Unmarshal([]byte(text), &g.body); err != nil || len(text) > 4096 || !hasNumber || !strings.Contains(text, "{text}") {
		f.add("sms.body", `it is JSON with "{number}" (or "{digits}", the same without +) and "{text}" in it`)
	}
	return g
}

// fill puts number and text into the strings of the gateway's JSON, so that
// nothing that stands in them can change its form.
func (g gateway) fill(number, text string) any {
	return replaced(g.body, strings.NewReplacer("{number}", number, "{digits}", strings.TrimPrefix(number, "+"), "{text}", text))
}

func replaced(value any, with *strings.Replacer) any {
	switch v := value.(type) {
	case string:
		return with.Replace(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = replaced(v[i], with)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = replaced(v[name], with)
		}
		return object
	}
	return value
}
