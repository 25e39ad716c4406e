package attacks

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"handrail/events"
	"handrail/events/exchange"
)

// hostilePayloads signs data that are made to break whoever reads them. Each is
// refused, in words that repeat nothing, and consumes its number.
func (s *site) hostilePayloads(t *testing.T) {
	during(t, s)
	good := string(s.opening().Data)
	member := func(text string) string { return strings.Replace(good, "{", "{"+text+",", 1) }
	for _, attempt := range []struct {
		name, data string
		rule       events.Rule
	}{
		{"seven levels of nesting", member(`"x":` + strings.Repeat("[", 7) + strings.Repeat("]", 7)), events.RuleDataMalformed},
		{"thirty thousand levels of nesting", strings.Repeat("[", 30000) + strings.Repeat("]", 30000), events.RuleDataMalformed},
		{"nesting that never ends", strings.Repeat(`{"a":`, 12000), events.RuleDataMalformed},
		{"a member twice", member(`"age":"child"`), events.RuleDataMalformed},
		{"a member twice, once in escapes", member(`"\u0061ge":"child"`), events.RuleDataMalformed},
		{"a member twice, deep inside", member(`"x":{"a":1,"a":2}`), events.RuleDataMalformed},
		{"a number of ten thousand digits", member(`"x":` + strings.Repeat("9", 10000)), events.RuleDataMalformed},
		{"a number beyond every float", member(`"x":1e999999`), events.RuleDataMalformed},
		{"a number for a word", strings.Replace(good, `"adult"`, `1`, 1), events.RuleDataMalformed},
		{"a list for a word", strings.Replace(good, `"adult"`, `["adult"]`, 1), events.RuleDataMalformed},
		{"null for a word", strings.Replace(good, `"adult"`, `null`, 1), events.RuleDataMalformed},
		{"NaN", strings.Replace(good, `"adult"`, `NaN`, 1), events.RuleDataMalformed},
		{"invalid UTF-8 in a value", strings.Replace(good, `"adult"`, "\"adult\xff\"", 1), events.RuleDataMalformed},
		{"invalid UTF-8 in a name", member("\"\xc3\x28\":1"), events.RuleDataMalformed},
		{"an overlong slash", strings.Replace(good, `"adult"`, "\"\xc0\xaf\"", 1), events.RuleDataMalformed},
		{"half a surrogate pair", strings.Replace(good, `"adult"`, `"\ud800"`, 1), events.RuleDataMalformed},
		{"NUL in a value", strings.Replace(good, `"adult"`, `"adult\u0000"`, 1), events.RuleDataMalformed},
		{"a byte order mark", "\ufeff" + good, events.RuleDataMalformed},
		{"UTF-16", strings.Join(strings.Split(good, ""), "\x00"), events.RuleDataMalformed},
		{"bytes behind", good + "x", events.RuleDataMalformed},
		{"a second document", good + good, events.RuleDataMalformed},
		{"a comment", strings.Replace(good, "{", "{/* x */", 1), events.RuleDataMalformed},
		{"a comma too many", strings.Replace(good, "}", ",}", 1), events.RuleDataMalformed},
		{"single quotes", strings.ReplaceAll(good, `"`, `'`), events.RuleDataMalformed},
		{"an unknown member", member(`"remark":"Invented Name"`), events.RuleDataMalformed},
		{"__proto__", member(`"__proto__":{"age":"child"}`), events.RuleDataMalformed},
		{"another case of a name", strings.Replace(good, `"age"`, `"Age"`, 1), events.RuleDataMalformed},
		{"a look-alike letter in a code", strings.Replace(good, `"adult"`, `"\u0430dult"`, 1), events.RuleDataCode},
		{"a code with a line end", strings.Replace(good, `"adult"`, `"adult\n"`, 1), events.RuleDataCode},
		{"a code with a space", strings.Replace(good, `"adult"`, `"adult "`, 1), events.RuleDataCode},
		{"words for a code", strings.Replace(good, `"adult"`, `"Invented Name, 12 Invented Street"`, 1), events.RuleDataCode},
		{"no object", `"adult"`, events.RuleDataMalformed},
		{"nothing", "", events.RuleDataMalformed},
		{"a page of HTML", "<script>alert(1)</script>", events.RuleDataMalformed},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00", events.RuleDataMalformed},
		{"sixty-five KiB", member(`"x":"` + strings.Repeat("a", 65<<10) + `"`), events.RuleEventTooLarge},
		{"a list of sixty-four thousand", member(`"x":[` + strings.Repeat("1,", 31000) + `1]`), events.RuleDataMalformed},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, s)
			e := s.opening()
			e.Data = []byte(attempt.data)
			g := s.refuses(attempt.rule, exchange.Encode(s.sign(e)))
			s.next++
			if strings.Contains(g.body, "nvented") || strings.Contains(g.body, "proto") {
				t.Errorf("the refusal repeats what was sent: %s", g.body)
			}
		})
	}
	s.admits(s.opening())
}

// hostileHeaders writes to the broker byte by byte, as no client library would.
func (s *site) hostileHeaders(t *testing.T) {
	during(t, s)
	var wire net.Conn
	conn, err := nats.Connect(s.file.Broker, nats.UserCredentials(filepath.Join(s.hub.At.Agency(thief), "nats.creds")), nats.NoReconnect(), nats.SetCustomDialer(keeping{&wire}))
	must(t, err)
	t.Cleanup(conn.Close)
	for _, attempt := range []struct {
		name, header string
		rule         events.Rule
	}{
		{"a line end in a value, and an attribute behind it", "ce-id: x\r\nce-subject: y\r\nce-subject: z\r\n", events.RuleAttributeRepeated},
		{"a bare line feed in a value", "ce-id: x\nce-subject: y\r\n", ""},
		{"a bare carriage return in a value", "ce-id: x\rce-subject: y\r\n", ""},
		{"a value that is folded", "ce-id: x\r\n more\r\n", ""},
		{"no colon", "ce-id\r\nce-subject\r\n", ""},
		{"no name", ": x\r\n", ""},
		{"space in a name", "ce id: x\r\n", ""},
		{"NUL in a value", "ce-id: \x00\r\n", ""},
		{"invalid UTF-8 in a value", "ce-id: \xff\xfe\r\n", ""},
		{"invalid UTF-8 in a name", "ce-\xff: x\r\n", ""},
		{"a colour of a terminal", "ce-id: \x1b[31mx\r\n", ""},
		{"an attribute of a megabyte's half", "ce-id: " + strings.Repeat("a", 60<<10) + "\r\n", ""},
		{"two thousand headers", strings.Repeat("a: b\r\n", 2000), ""},
		{"two thousand attributes", strings.Repeat("ce-id: b\r\n", 2000), events.RuleAttributeRepeated},
		{"sixty-five headers", numberedHeaders(65), events.RuleEventTooLarge},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, s)
			before := s.count()
			head := "NATS/1.0\r\n" + attempt.header + "\r\n"
			body := uuid(t)
			must(t, conn.Flush())
			_, err := fmt.Fprintf(wire, "HPUB in.%s %d %d\r\n%s%s\r\n", s.id, len(head), len(head)+len(body), head, body)
			must(t, err)
			must(t, conn.Flush())
			s.settles(t)
			s.mu.Lock()
			for _, g := range s.got[before:] { // the broker may drop what is no header at all
				if g.Kind != "refusal" || attempt.rule != "" && g.entry.Rule != attempt.rule {
					t.Errorf("it was answered %s %s", g.Kind, g.entry.Rule)
				}
			}
			s.mu.Unlock()
			s.admits(s.opening())
			s.healthy(t)
		})
	}
}

func numberedHeaders(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "x-%d: y\r\n", i)
	}
	return all.String()
}

// keeping is a dialer that keeps what it dialled.
type keeping struct{ to *net.Conn }

func (k keeping) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	*k.to = conn
	return conn, err
}
