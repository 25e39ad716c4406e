package mou

import (
	"bytes"
	"strings"
	"testing"
)

// TestAProfileIsReadStrictly changes one thing at a time in the model profile.
func TestAProfileIsReadStrictly(t *testing.T) {
	model, err := profiles.ReadFile("profiles/model@1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an unknown key":                       {"name: model", "name: model\ncountry: XX"},
		"a repeated key":                       {"name: model", "name: model\nname: model"},
		"an unknown duration":                  {"  acknowledge: {", "  nap: {value: 1h, confidence: I, source: us}\n  acknowledge: {"},
		"a missing duration":                   {"  feedback: {", "  feedback-x: {"},
		"a period of nothing":                  {"value: 24h", "value: 0h"},
		"a period in words":                    {"value: 24h", "value: soon"},
		"a period of no days":                  {"value: 14d", "value: 0d"},
		"no source":                            {`source: "domain.md, catalogue: default 24 h"`, `source: ""`},
		"no confidence":                        {"confidence: I, source: \"domain.md, catalogue: default 24 h\"", "source: \"x\""},
		"an unknown confidence":                {"{value: 24h, confidence: I", "{value: 24h, confidence: X"},
		"an unknown kind":                      {"law: [police,", "law: [militia,"},
		"an unknown group":                     {"kinds: [desks]", "kinds: [tables]"},
		"an unknown section":                   {"sections: [identity, travel]", "sections: [identity, luggage]"},
		"an unknown purpose":                   {"purpose: consular", "purpose: tourism"},
		"an unknown event":                     {"events: [service.started,", "events: [service.began, service.started,"},
		"an event without a power":             {"events: [service.started, service.ended]", "events: [service.ended]"},
		"an event with two powers":             {"events: [service.started, service.ended]", "events: [service.started, service.ended, case.opened]"},
		"an unknown age":                       {"ages: [child, unsure]", "ages: [child, old]"},
		"an unknown time zone":                 {"value: UTC", "value: Atlantis/Capital"},
		"the machine's own time zone":          {"value: UTC", "value: Local"},
		"a reminder with no time left":         {"one-in: 3", "one-in: 1"},
		"an unknown duty":                      {"coordinator: [child-protection-told", "coordinator: [dishes"},
		"a duty whose miss the code escalates": {"coordinator: [child-protection-told", "coordinator: [referral-answer"},
		"a duty of an unknown kind":            {"duty: [hotline", "duty: [fire-brigade"},
		"an unknown ground":                    {"ground: legal-claim", "ground: habit"},
		"a wall to an unknown kind":            {"to: migration\n", "to: customs\n"},
		"to be confirmed by nobody":            {"{value: 24h, confidence: I", "{value: 24h, confidence: T"},
		"a fact that nobody shows":             {"name: model", "name: model\nfacts: {weather: {says: rain, confidence: I, source: us}}"},
		"one fact of four":                     {"name: model", "name: model\nfacts: {assistance: {says: help, confidence: I, source: us}}"},
		"a log that nobody witnesses":          {"witnesses: {agencies: 2, kinds: 2", "witnesses: {agencies: 0, kinds: 0"},
		"more kinds than agencies":             {"witnesses: {agencies: 2, kinds: 2", "witnesses: {agencies: 2, kinds: 3"},
		"witnesses of no kind":                 {"witnesses: {agencies: 2, kinds: 2", "witnesses: {agencies: 2, kinds: 0"},
		"witnesses without a source":           {"witnesses: {agencies: 2, kinds: 2, confidence: I, source: \"own choice", "witnesses: {agencies: 2, kinds: 2, confidence: I, source: \"\" #"},
		"facts kept without an end":            {"  retention: {", "  retention-x: {"},
		"a second reader of an unknown kind":   {"second-reader: {for: []", "second-reader: {for: [glance]"},
		"a second reader without a source":     {"second-reader: {for: [], confidence: I, source: \"own choice", "second-reader: {for: [], confidence: I, source: \"\" #"},
		"a bundle that says nothing": {
			"says: A doctor. A health service may know who I am, how to reach me safely and what I need, and gets an answer if it asks something first.", "says: \"\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bad := bytes.Replace(model, []byte(change[0]), []byte(change[1]), 1)
			if bytes.Equal(bad, model) {
				t.Fatal("nothing changed")
			}
			p, err := parseProfile(bad)
			if err == nil {
				err = p.check()
			}
			if err == nil {
				t.Error("accepted")
			} else if strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
		})
	}
}
