package attacks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
)

// hidden is what somebody would hide. It is of the syntax of an agency's id, which
// is the widest that any member has.
const hidden = "anna-invented"

// smuggled is one place of a type's data, and the data with the marker in it.
type smuggled struct {
	of    events.Type
	place string
	data  []byte
}

// examples are the published full payloads, one of each type that carries facts.
func examples(t *testing.T) map[events.Type]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "contracts", "vectors", "facts.json"))
	must(t, err)
	var file struct {
		Vectors []struct {
			Name  string `json:"name"`
			Input struct {
				Data string `json:"data"`
				Type string `json:"type"`
			} `json:"input"`
		} `json:"vectors"`
	}
	must(t, json.Unmarshal(text, &file))
	all := map[events.Type]string{}
	for _, v := range file.Vectors {
		if name, accepted := strings.CutPrefix(v.Name, "accepted "); accepted {
			all[events.Type("org.handrail."+name+".v1")] = v.Input.Data
		}
	}
	return all
}

// hidings are all the ways to put a marker into an example: in place of every
// value and every name, behind every string, and as one member or element more
// of every object and list.
func hidings(t *testing.T, of events.Type, example string) []smuggled {
	t.Helper()
	var all []smuggled
	var root any
	must(t, json.Unmarshal([]byte(example), &root))
	put := func(place string) {
		data, err := json.Marshal(root)
		must(t, err)
		all = append(all, smuggled{of, place, data})
	}
	var walk func(value any, place string, set func(any))
	walk = func(value any, place string, set func(any)) {
		for _, other := range []any{hidden, []any{hidden}, map[string]any{hidden: hidden}} {
			set(other)
			put(place)
		}
		if text, ok := value.(string); ok {
			for _, other := range []string{text + hidden, hidden + text, text + " " + hidden, text + "\n" + hidden} {
				set(other)
				put(place)
			}
		}
		set(value)
		switch v := value.(type) {
		case map[string]any:
			v[hidden] = hidden
			put(place + "/+")
			delete(v, hidden)
			for name, inner := range v {
				walk(inner, place+"/"+name, func(other any) { v[name] = other })
				delete(v, name)
				v[hidden+name] = inner
				put(place + "/" + name + " as a name")
				delete(v, hidden+name)
				v[name] = inner
			}
		case []any:
			set(append(slices.Clone(v), hidden))
			put(place + "/+")
			set(value)
			for i, inner := range v {
				walk(inner, place+"/"+strconv.Itoa(i), func(other any) { v[i] = other })
			}
		}
	}
	walk(root, "", func(other any) { root = other })
	return all
}

// TestNoTypeHasRoomForAName hides a name in every member of every type. The
// strict reader, which agency, hub and auditor share, takes it only where an
// agency is named: there the ledger asks the directory.
func TestNoTypeHasRoomForAName(t *testing.T) {
	all := examples(t)
	tried := 0
	for _, of := range events.Types() {
		if of.Sealed() {
			continue // see "a record's header that says more than it may"
		}
		example, published := all[of]
		if !published {
			t.Errorf("no example of %s is published", of.Name())
			continue
		}
		if _, err := events.Decode(of, []byte(example)); err != nil {
			t.Errorf("the example of %s is refused: %v", of.Name(), err)
		}
		for _, h := range hidings(t, of, example) {
			tried++
			_, err := events.Decode(h.of, h.data)
			if err == nil && !namesAnAgency(h.of, h.place) {
				t.Errorf("%s takes a name at %s: %s", h.of.Name(), h.place, h.data)
			}
			if err != nil && strings.Contains(err.Error(), hidden) {
				t.Errorf("%s repeats what was hidden at %s: %v", h.of.Name(), h.place, err)
			}
		}
	}
	if tried < 2000 {
		t.Errorf("only %d places were tried", tried)
	}
}

// namesAnAgency are the members that hold an agency's id, or the profile's.
func namesAnAgency(of events.Type, place string) bool {
	last := place[strings.LastIndexByte(place, '/')+1:]
	if _, err := strconv.Atoi(last); err == nil || last == "+" {
		list := strings.TrimSuffix(strings.TrimSuffix(place, "/"+last), "/")
		return strings.HasSuffix(list, "/to") || strings.HasSuffix(list, "/except")
	}
	switch last {
	case "to", "agency", "provider", "owner", "owes", "call", "approved", "except":
		return true
	case "profile": // name@version, which only genesis and what repeats it has
		return of.HubOnly()
	}
	return false
}

// smuggles says all of that to the hub, for every type that an agency may say. Of
// what is refused nothing is stored anywhere; nothing of it is admitted.
func (s *site) smuggles(t *testing.T) {
	during(t, s)
	about, referral := s.refer()
	s.unlistedNames(about)
	before, size, times := s.count(), 0, events.At(time.Now()).String()
	for of, example := range examples(t) {
		if of.IsControl() || of.HubOnly() || of == events.TypeWitnessReset || of == events.TypeDirectoryKeyed {
			continue
		}
		for _, h := range sampled(hidings(t, of, timely(t, example, times))) {
			e := s.envelope(of, h.data, about, referral)
			if of == events.TypeCapacityPublished {
				e = s.envelope(of, h.data, "", "")
			}
			must(t, s.link.Submit(t.Context(), exchange.Encode(s.sign(e))))
			s.next++
			size++
		}
	}
	eventually(t, "every hiding is answered", func() bool { return s.count() >= before+size })
	s.mu.Lock()
	for _, g := range s.got[before:] {
		if g.Kind != "refusal" || strings.Contains(g.body, hidden) {
			t.Errorf("a hidden name was answered %s %s: %.400s", g.Kind, g.entry.Rule, g.body)
		}
	}
	s.mu.Unlock()
	if size < 200 {
		t.Errorf("only %d hidings were said", size)
	}
	for table, column := range map[string]string{"opening": "encode(entry, 'escape')", "payload": "encode(data, 'escape')", "refusal": "pointer || reason || sequence || id", "case_state": "encode(state, 'escape')", "submission": "id::text"} {
		rows, err := s.hub.AsOwner(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE %s LIKE '%%%s%%'", table, column, hidden))
		must(t, err)
		if n, _ := rows[0][0].(int64); n != 0 {
			t.Errorf("%s holds %d hidden names", table, n)
		}
	}
	s.admits(s.opening())
	s.healthy(t)
}

// timely has an example happen now, so that nothing but what it hides is wrong with its times.
func timely(t *testing.T, example, at string) string {
	t.Helper()
	var members map[string]any
	must(t, json.Unmarshal([]byte(example), &members))
	for _, name := range []string{"happened", "recorded"} {
		if members[name] != nil {
			members[name] = at
		}
	}
	text, err := json.Marshal(members)
	must(t, err)
	return string(text)
}

// unlistedNames: where an agency is named, the directory must list it. Each
// statement is admitted with the name of an agency that it does list.
func (s *site) unlistedNames(about events.CaseID) {
	s.t.Helper()
	consent := func(r events.Recipient) *events.ConsentGiven {
		return agreed(r, events.PurposeCounselling, sections())
	}
	for _, naming := range []func(events.AgencyID) events.Payload{
		func(id events.AgencyID) events.Payload { return consent(events.Recipient{Agency: id}) },
		func(id events.AgencyID) events.Payload {
			return consent(events.Recipient{Class: events.Counselling, Except: events.Set[events.AgencyID]{id}})
		},
		func(id events.AgencyID) events.Payload {
			return &events.ConsentRefused{Said: now(), Recipient: events.Recipient{Agency: id}, Purpose: events.PurposeReturn}
		},
		func(id events.AgencyID) events.Payload {
			return &events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Agency: id}, Purpose: events.PurposeReturn}
		},
		func(id events.AgencyID) events.Payload {
			return &events.EmergencyDisclosed{Said: now(), Reason: "life", To: id, Sections: events.Set[events.Section]{events.SectionContact}, Staff: "officer-1"}
		},
	} {
		g := s.says(s.draft(naming(hidden), about))
		if g.Kind != "refusal" || strings.Contains(g.body, hidden) {
			s.t.Errorf("%s with a name in place of an agency was answered %s: %.300s", naming(hidden).Type().Name(), g.Kind, g.body)
		}
		if g := s.says(s.draft(naming(rival), about)); g.Kind != "receipt" {
			s.t.Logf("%s with an agency is refused too: %s", naming(rival).Type().Name(), g.entry.Rule)
		}
	}
	request := &events.ReferralRequested{
		Said: now(), To: events.Set[events.AgencyID]{hidden}, Purpose: events.PurposeAccommodation, Sections: sections(),
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}
	if g := s.says(s.draft(request, about)); g.Kind != "refusal" || strings.Contains(g.body, hidden) {
		s.t.Errorf("a request to a name was answered %s: %.300s", g.Kind, g.body)
	}
}

// sampled takes of each place the plainest hiding: which of the others are
// refused the reader alone decides.
func sampled(all []smuggled) []smuggled {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(h smuggled) bool {
		twice := seen[h.place] || h.place == ""
		seen[h.place] = true
		return twice
	})
}
