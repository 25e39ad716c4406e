package story

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// deskActs are what an agency's people and its systems say.
func (w *World) deskActs() []act {
	return []act{
		{"says TYPE FIELDS...", w.says},
		{"is not let to say TYPE FIELDS...", w.notLet},
		{"opens a case FIELDS...", w.opensCase},
		{"seals SECTIONS for AGENCY", w.seals},
		{"system sends TYPE FIELDS...", w.systemSends},
		{"system seals SECTION for AGENCY", w.systemSeals},
		{"reads SECTION for PURPOSE as ROLE on BASIS", w.reads},
		{"cannot read SECTION", w.cannotRead},
	}
}

type statement struct {
	Case     events.CaseID     `json:"case,omitzero"`
	Type     string            `json:"type"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Data     jsontext.Value    `json:"data,omitzero"`
}

// ofReferral says whether a type is about a referral that was asked before.
func ofReferral(t string) bool {
	thing, _, _ := strings.Cut(t, ".")
	return t != "referral.requested" &&
		slices.Contains([]string{"referral", "handover", "service", "erasure", "nationality", "traveldocument", "return"}, thing)
}

func (w *World) state(given []string) (statement, error) {
	data, err := client.Object(given[1:], formOf(given[0]))
	s := statement{Case: w.Case, Type: given[0], Data: data}
	if ofReferral(given[0]) {
		s.Referral = w.referral
	}
	return s, err
}

// formOf says how a member of a type's facts is written.
func formOf(t string) func(string) string {
	return func(member string) string {
		switch {
		case member == "children" && t == "capacity.published":
			return "number"
		case member == "recipient" || member == "children":
			return "object"
		case member == "with_person":
			return "yes-no"
		case slices.Contains([]string{"sections", "needs", "safety", "access", "present", "sexes", "ages", "languages", "hours"}, member),
			member == "to" && t == "referral.requested":
			return "many"
		}
		return "one"
	}
}

func (w *World) says(ctx context.Context, who local.Member, given []string) (string, error) {
	s, err := w.state(given)
	if err != nil {
		return "", err
	}
	return w.saying(ctx, who, s)
}

// saying says a statement as the agency's people and waits for its receipt. Cut
// off from the hub, the agency keeps it: then nobody waits.
func (w *World) saying(ctx context.Context, who local.Member, s statement) (string, error) {
	var made agency.SaidOf
	if err := w.people(who).Post(ctx, "/v1/say", s, &made); err != nil {
		return "", err
	}
	w.last = made.Events[0]
	if s.Type == "referral.requested" {
		w.referral = w.last
	}
	if s.Case == "" {
		w.enter(made.Case)
	}
	if w.unplugged {
		return "kept in its own journal until the hub is back", nil
	}
	return until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, made.Events[0]) })
}

// enter makes a case the one that the story is about.
func (w *World) enter(id events.CaseID) {
	w.Case, w.filed, w.referral = id, agency.Filed{}, ""
	w.Cases = append(w.Cases, id)
}

func (w *World) opensCase(ctx context.Context, who local.Member, given []string) (string, error) {
	data, err := client.Object(given, formOf("case.opened"))
	if err != nil {
		return "", err
	}
	said, err := w.saying(ctx, who, statement{Type: "case.opened", Data: data})
	return "case " + short(w.Case) + ", " + said, err
}

// seals seals sections with invented content to a candidate of the current
// referral; what a form said is taken instead where there was one.
func (w *World) seals(ctx context.Context, who local.Member, given []string) (string, error) {
	sections := strings.Split(given[0], ",")
	values := map[string]jsontext.Value{}
	if len(w.filed.Sections) == 0 {
		for _, section := range sections {
			values[section] = invented(section)
		}
	}
	var made agency.SaidOf
	_, err := until(ctx, func(ctx context.Context) (string, error) {
		err := w.people(who).Post(ctx, "/v1/records", map[string]any{
			"case": w.Case, "referral": w.referral, "to": byName(given[1]), "sections": sections, "values": values,
		}, &made)
		var problem *client.ProblemError
		if errors.As(err, &problem) && problem.Rule == string(agency.RuleKeyUnwitnessed) {
			return "", err // a key listed after genesis: enough agencies see it in a moment
		}
		if err != nil {
			return "", errors.Join(errSettled, err)
		}
		return "", nil
	})
	if err != nil {
		return "", err
	}
	for _, id := range made.Events {
		if _, err := until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, id) }); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d sealed to the key of %s", len(made.Events), byName(given[1])), nil
}

// invented is what a section says of a person who does not exist.
func invented(section string) jsontext.Value {
	said, known := map[string]string{
		"identity":   `{"name":"Alex Example","born":"1990, invented"}`,
		"contact":    `{"telephone":"+00 000 0000, invented","safe":"after nine, never leave a message"}`,
		"needs":      `{"says":"a room with a lock and a cot, invented"}`,
		"risk":       `{"says":"an invented man waits at the station"}`,
		"travel":     `{"document":"taken away, invented"}`,
		"testimony":  `{"says":"what was done, invented"}`,
		"health":     `{"says":"a cough, invented"}`,
		"statistics": `{"sector":"A"}`,
	}[section]
	if !known {
		said = `{"says":"invented"}`
	}
	return jsontext.Value(said)
}

// notLet checks that the desk itself says no, before anything is sent.
func (w *World) notLet(ctx context.Context, who local.Member, given []string) (string, error) {
	s, err := w.state(given)
	if err != nil {
		return "", err
	}
	err = w.people(who).Post(ctx, "/v1/say", s, nil)
	var problem *client.ProblemError
	if !errors.As(err, &problem) {
		return "", errors.Join(errors.New("the desk let it pass"), err)
	}
	return problem.Error(), nil
}

// systemSends says something as a system of the agency, which its desk does not
// check: the ledger has to.
func (w *World) systemSends(ctx context.Context, who local.Member, given []string) (string, error) {
	s, err := w.state(given)
	if err != nil {
		return "", err
	}
	s.Type = "org.handrail." + s.Type + ".v1"
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(s.Data, &members); err != nil {
		return "", err
	}
	for name, value := range goesWithoutSaying(s.Type) {
		if members[name] == nil {
			members[name] = jsontext.Value(value)
		}
	}
	if s.Data, err = json.Marshal(members, json.Deterministic(true)); err != nil {
		return "", err
	}
	return w.sends(ctx, who, s)
}

func goesWithoutSaying(t string) map[string]string {
	now := `"` + events.At(time.Now()).String() + `"`
	members := map[string]string{"happened": now, "recorded": now, "channel": `"system"`}
	if events.Type(t) == events.TypeReferralRequested {
		maps.Copy(members, map[string]string{
			"purpose": `"accommodation"`, "sections": `["identity","contact","needs"]`, "needs": `["safe-accommodation"]`, "urgency": `"standard"`, "age": `"adult"`,
		})
	}
	return members
}

func (w *World) systemSeals(ctx context.Context, who local.Member, given []string) (string, error) {
	return w.sends(ctx, who, map[string]string{
		"type": string(events.TypeRecordSealed), "case": string(w.Case), "referral": string(w.referral),
		"to": string(byName(given[1])), "section": given[0], "purpose": string(events.PurposeAccommodation),
	})
}

func (w *World) sends(ctx context.Context, who local.Member, what any) (string, error) {
	system, err := w.system(who)
	if err != nil {
		return "", err
	}
	if err := w.remember(ctx, who.Agency); err != nil {
		return "", err
	}
	var made agency.Said
	if err := system.Post(ctx, "/v1/events", what, &made); err != nil {
		return "", err
	}
	if len(made.Events) > 0 {
		w.last = made.Events[0]
	}
	return "signed and sent", nil
}

// section finds a released or held section of the current case at an agency.
func (w *World) section(ctx context.Context, who local.Member, section string) (agency.SectionView, error) {
	all, err := client.List[agency.SectionView](ctx, w.people(who), "/v1/cases/"+url.PathEscape(string(w.Case))+"/sections", "sections")
	if err != nil {
		return agency.SectionView{}, err
	}
	for _, s := range all {
		if string(s.Section) == section && s.Open {
			return s, nil
		}
	}
	return agency.SectionView{}, fmt.Errorf("%s has not reached %s", section, who.Agency)
}

func (w *World) reads(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		s, err := w.section(ctx, who, given[0])
		if err != nil {
			return "", err
		}
		var opened struct {
			Section map[string]jsontext.Value `json:"section"`
		}
		path := "/v1/cases/" + url.PathEscape(string(w.Case)) + "/sections/" + url.PathEscape(string(s.Record)) + "/open"
		if err := w.people(who).Post(ctx, path, map[string]string{"purpose": given[1], "role": given[2], "basis": given[3]}, &opened); err != nil {
			return "", errors.Join(errSettled, err)
		}
		if len(opened.Section) == 0 {
			return "", errors.New("the section is empty")
		}
		return "opened: " + someOf(slices.Sorted(maps.Keys(opened.Section))) + "; the reading is in the read log and said as record.opened", nil
	})
}

// someOf names a few of many; never what stands in them.
func someOf(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// cannotRead waits until a section cannot be read: a withdrawal takes a moment
// to arrive.
func (w *World) cannotRead(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		if s, err := w.section(ctx, who, given[0]); err == nil {
			return "", fmt.Errorf("%s can be read: record %s", given[0], s.Record)
		}
		return "", nil
	})
}
