package mou

import (
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"handrail/events"
)

//go:embed profiles/*.yaml
var profiles embed.FS

// Confidence says how a profile's value was found.
type Confidence string

// The confidences, as the domain marks them.
const (
	ReadInSource Confidence = "S" // read in a published source
	WellKnown    Confidence = "M" // well known, not re-read: check before it is shown as law
	OwnChoice    Confidence = "I" // our own design choice
	ToConfirm    Confidence = "T" // to be confirmed by whom the source names, before anybody relies on it
)

// Says is what people are shown of a confidence.
func (c Confidence) Says() string {
	if c == ToConfirm {
		return "to be confirmed"
	}
	return string(c)
}

// Provenance stands beside every value of a profile.
type Provenance struct {
	Source     string     `yaml:"source"`
	Confidence Confidence `yaml:"confidence"`
}

// Period is a length of time; profiles write whole days (30d) or Go's form (72h, 15m).
type Period time.Duration

// UnmarshalYAML accepts a positive period.
func (p *Period) UnmarshalYAML(b []byte) error {
	text := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 36500 {
			return errors.New("a period in days is 1d to 36500d")
		}
		*p = Period(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("a period is positive, like 30d, 72h or 15m")
	}
	*p = Period(d)
	return nil
}

// String writes the period as people say it: 30 d, 72 h, 15 min, 20 s.
func (p Period) String() string {
	switch d := time.Duration(p); {
	case d >= 7*24*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}

// Duration is a period of the profile.
type Duration struct {
	Value      Period `yaml:"value"`
	Provenance `yaml:",inline"`
}

// Duration names, each read by one clock or rule.
const (
	forAcknowledge        = "acknowledge"
	forAcknowledgeTonight = "acknowledge-tonight"
	forAnswer             = "answer"
	forAnswerTonight      = "answer-tonight"
	forConfirm            = "confirm"
	forConfirmTonight     = "confirm-tonight"
	forEscalated          = "escalated"
	forEscalatedTonight   = "escalated-tonight"
	forHandoverReport     = "handover-report"
	forFeedback           = "feedback"
	forErasureAnswer      = "erasure-answer"
	forProvisional        = "consent-provisional"
	forChildProtection    = "child-protection-told"
	forEmergency          = "emergency"
	forEmergencyConfirmed = "emergency-confirmed"
	forMissing            = "missing"
	forDrafts             = "drafts"
	forDraftsWarned       = "drafts-warned"
	forRetention          = "retention"
	forLate               = "late-" // and the channel
)

func durationNames() []string {
	names := []string{
		forAcknowledge, forAcknowledgeTonight, forAnswer, forAnswerTonight, forConfirm, forConfirmTonight,
		forEscalated, forEscalatedTonight, forHandoverReport, forFeedback, forErasureAnswer, forProvisional, forChildProtection, forEmergency, forEmergencyConfirmed,
		forMissing, forDrafts, forDraftsWarned, forRetention,
	}
	for _, channel := range events.Channel("").Codes() {
		names = append(names, forLate+channel)
	}
	return names
}

// Profile is what one country agreed: data, with a source for every value. It
// is read-only once loaded.
type Profile struct {
	Name           string                         `yaml:"name"`
	Version        int                            `yaml:"version"`
	Extends        string                         `yaml:"extends"` // values not named here are those of that profile
	About          string                         `yaml:"about"`
	Groups         map[string][]events.AgencyKind `yaml:"groups"` // names for sets of kinds, for powers and agreement
	Durations      map[string]Duration            `yaml:"durations"`
	Timezone       Zone                           `yaml:"timezone"`
	DueSoon        Share                          `yaml:"due-soon"`
	Escalation     Chase                          `yaml:"escalation"`
	Powers         []Power                        `yaml:"powers"`
	Agreement      []Agreement                    `yaml:"agreement"`
	Notices        Notices                        `yaml:"notices"`
	WithoutConsent []Exemption                    `yaml:"without-consent"`
	Grounds        []Ground                       `yaml:"keep-grounds"`
	Walls          []Wall                         `yaml:"walls"`
	Facts          map[string]Fact                `yaml:"facts"` // of the country; nothing judges by them
	Bundles        map[string]Bundle              `yaml:"bundles"`
	Witnesses      Quorum                         `yaml:"witnesses"`
	SecondReader   SecondReader                   `yaml:"second-reader"`

	table  map[agreed]bool
	powers map[string][]events.AgencyKind
	rows   map[events.Type]row
}

// Ref is the name under which the profile is kept: model@1.
func (p *Profile) Ref() string { return fmt.Sprintf("%s@%d", p.Name, p.Version) }

// ProfileRefs lists the embedded profiles.
func ProfileRefs() []string {
	entries, err := profiles.ReadDir("profiles")
	if err != nil {
		return nil
	}
	refs := make([]string, len(entries))
	for i, e := range entries {
		refs[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return refs
}

func parseProfile(data []byte) (*Profile, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		ast.Walk(apart{}, doc.Body)
		p := new(Profile)
		return p, yaml.NodeToValue(doc.Body, p, yaml.Strict())
	}
	return nil, errors.New("it is empty")
}

// apart cuts texts off from the tokens around them. To read a code the decoder writes
// the text anew, and goes through all tokens that hang together for it: so each code
// of a profile would cost as much as all of them.
type apart struct{}

func (a apart) Visit(n ast.Node) ast.Visitor {
	if text, ok := n.(*ast.StringNode); ok {
		alone := *text.Token
		alone.Prev, alone.Next = nil, nil
		text.Token = &alone
	}
	return a
}

// duration of the profile; that every name has one is checked when it is loaded.
func (p *Profile) duration(name string) time.Duration { return time.Duration(p.Durations[name].Value) }
