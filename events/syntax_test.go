package events

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// everySyntax is each syntax with a value of it.
func everySyntax() map[*syntax]string {
	return map[*syntax]string{
		nameSyntax: "sampletown-police", uuidSyntax: "0198c1a0-0000-7000-8000-00000000000a", hexSyntax: strings.Repeat("0f", 32),
		sourceSyntax: "urn:handrail:demo:agency:police", specVersionSyntax: "1.0", typeSyntax: "org.handrail.case.opened.v1",
		contentSyntax: "application/jose", schemaSyntax: "urn:handrail:schema:case.opened.v1", subjectSyntax: "0198c1a0-0000-7000-8000-00000000000a",
		timeSyntax: "2026-03-02T09:00:00Z", originSyntax: "handrail/demo", sequenceSyntax: "00000000000000000001",
		traceSyntax: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", materialSyntax: strings.Repeat("aB3+", 20) + "==",
		hoursSyntax: "mo 08:00-16:00", staffSyntax: "duty-3",
	}
}

// A syntax accepts what its published pattern accepts, and nothing else.
func TestEverySyntaxIsItsPattern(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for s, good := range everySyntax() {
		slow := regexp.MustCompile(s.String())
		same := func(value string) {
			if s.MatchString(value) != slow.MatchString(value) {
				t.Errorf("%s: %q is %v, by the pattern %v", s, value, s.MatchString(value), slow.MatchString(value))
			}
		}
		if !s.MatchString(good) {
			t.Errorf("%s: %q is refused", s, good)
		}
		for n := range 2000 {
			value := []byte(good)
			for range 1 + n%3 {
				if len(value) == 0 {
					break
				}
				switch at := random.IntN(len(value)); random.IntN(4) {
				case 0:
					value[at] = byte(random.IntN(256))
				case 1:
					value = append(value[:at], value[at+1:]...)
				case 2:
					value = append(value[:at], append([]byte{"-.:=/+aZ09\n\x00"[random.IntN(12)]}, value[at:]...)...)
				case 3:
					value[at] = "-.:=/+aAzZ0789bf"[random.IntN(16)]
				}
			}
			same(string(value))
		}
		same("")
		same(good + good)
		same(good + "\n")
	}
}

func FuzzSyntax(f *testing.F) {
	all := map[*syntax]*regexp.Regexp{}
	for s, good := range everySyntax() {
		all[s] = regexp.MustCompile(s.String())
		f.Add(good)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for s, slow := range all {
			if s.MatchString(value) != slow.MatchString(value) {
				t.Errorf("%s: %q differs from the pattern", s, value)
			}
		}
	})
}
