package exchange

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

// headerText and parseHeader let the fuzzer write any header: lines of name and
// value; a name may come twice.
func headerText(m Message) string {
	var lines []string
	for _, pair := range onWire(m).Header {
		lines = append(lines, pair[0]+": "+pair[1])
	}
	return strings.Join(lines, "\n")
}

func parseHeader(text string) map[string][]string {
	header := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			header[name] = append(header[name], value)
		}
	}
	return header
}

// ownWords is the source text of the packages whose refusals Decode gives.
func ownWords(t testing.TB) string {
	t.Helper()
	var words strings.Builder
	for _, pattern := range []string{"*.go", "../*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			words.Write(source)
		}
	}
	return words.String()
}

func FuzzDecode(f *testing.F) {
	e, r := acknowledged(f), record(f)
	for _, form := range slices.Concat(binaryForms(e), structuredForms(e, r)) {
		f.Add(headerText(form.message), form.message.Data)
	}
	words := ownWords(f)
	places := []string{"", "header content-type", "/data", "/data_base64"}
	for _, a := range r.Attributes() {
		places = append(places, "attribute "+a.Name)
	}
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		m := Message{Header: parseHeader(header), Data: data}
		e, err := Decode(m)
		if err != nil {
			v, ok := errors.AsType[*events.Violation](err)
			if !ok {
				t.Fatalf("not a refusal: %T", err)
			}
			if !strings.Contains(words, `"`+v.Reason+`"`) || !slices.Contains(places, v.Pointer) {
				t.Fatalf("a refusal in words that are not ours: %v", v)
			}
			return
		}
		again, err := Decode(Encode(e))
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("encoded and decoded again: %+v, %v", again, err)
		}
	})
}
