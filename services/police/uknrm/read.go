package uknrm

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
)

// Limits of one payload. The longest free text of the form is 15,000
// characters.
const (
	MaxBytes   = 256 << 10
	maxMembers = 400
	maxValue   = 64 << 10
)

// The form's types.
const (
	referral     = "560734"
	dutyToNotify = "662265"
)

// Intake is the form as an intake of an agency, served at /v1/intake/uk-nrm.
func Intake() agency.Intake {
	return agency.Intake{Name: "uk-nrm", MaxBytes: MaxBytes, Read: Read}
}

var externalID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Read gives what follows from one payload. Errors are *events.Violation and
// name a member of the form, never what it says.
func Read(body []byte) (agency.Filing, error) {
	f, err := parse(body)
	if err != nil {
		return agency.Filing{}, err
	}
	if !externalID.MatchString(f.values["ExternalId"]) {
		return agency.Filing{}, events.Refuse(events.RuleDataMalformed, "/ExternalId", "the form's own id is needed, 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen: it makes posting again harmless")
	}
	filing := agency.Filing{
		Name: f.values["ExternalId"], Content: f.canonical, Age: f.age(), Region: f.region(), Unknown: f.unknown,
	}
	switch f.values["Type"] {
	case referral:
		return f.referred(filing)
	case dutyToNotify:
		filing.Notify, filing.Dropped = true, f.dropped(anonymous)
		return filing, nil
	}
	return agency.Filing{}, events.Refuse(events.RuleDataCode, "/Type", "the form has two types: 560734, a referral, and 662265, a duty to notify")
}

// form is a payload as far as it is the form's.
type form struct {
	values    map[string]string // known members that say something
	unknown   int
	canonical []byte
}

// parse reads one JSON object of strings. Members that the form does not have
// are counted and forgotten.
func parse(body []byte) (form, error) {
	if len(body) > MaxBytes {
		return form{}, events.Refuse(events.RuleEventTooLarge, "", "a form is at most 256 KiB")
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(body, &members); err != nil || members == nil || len(members) > maxMembers {
		return form{}, events.Refuse(events.RuleDataMalformed, "", "the form is one JSON object in UTF-8, each member once, with nothing behind it")
	}
	f := form{values: map[string]string{}}
	for name, raw := range members {
		if !known(name) {
			f.unknown++
			continue
		}
		var value string
		if err := json.Unmarshal(raw, &value); err != nil || raw.Kind() != '"' || len(value) > maxValue || strings.ContainsRune(value, 0) {
			return form{}, events.Refuse(events.RuleDataMalformed, "/"+name, "the form's members are strings of at most 64 KiB without the character NUL")
		}
		if value = strings.TrimSpace(value); value != "" {
			f.values[name] = value
		}
	}
	canonical := jsontext.Value(body).Clone()
	if err := canonical.Canonicalize(); err != nil {
		return form{}, events.Refuse(events.RuleDataMalformed, "", "the form is one JSON object in UTF-8, each member once, with nothing behind it")
	}
	f.canonical = canonical
	return f, nil
}

// age class: whatever is not said clearly is unsure, and doubt means child.
func (f form) age() events.AgeClass {
	switch {
	case strings.EqualFold(f.values["AdultOrChild"], "Adult"):
		return events.Adult
	case strings.EqualFold(f.values["AdultOrChild"], "Child"):
		return events.Child
	}
	return events.Unsure
}

// region of the United Kingdom where the form was filled in, the finest place
// that is a fact.
func (f form) region() events.Region {
	for _, member := range []string{"Country", "CountryLabel", "Case.Jurisdiction", "Customer.Judrisdiction", "Jurisdiction"} {
		switch strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(f.values[member])) {
		case "eng", "england":
			return "GB-ENG"
		case "sct", "scotland":
			return "GB-SCT"
		case "wls", "wales":
			return "GB-WLS"
		case "nir", "northernireland":
			return "GB-NIR"
		}
	}
	return ""
}

// referred completes the filing of a referral.
func (f form) referred(filing agency.Filing) (agency.Filing, error) {
	if value := f.values["NRMOrDuty"]; value != "" && !strings.EqualFold(value, "NRM") && !strings.EqualFold(value, "Yes") {
		return agency.Filing{}, events.Refuse(events.RuleDataRange, "/NRMOrDuty", "the form's type says that the person agreed to a referral, this member does not; send a duty to notify as type 662265")
	}
	filing.Dropped = f.dropped(staff)
	var err error
	if filing.Sections, err = f.sections(); err != nil {
		return agency.Filing{}, err
	}
	filing.Tasks = f.tasks(filing)
	return filing, nil
}

// tasks asks for what the form does not establish.
func (f form) tasks(filing agency.Filing) []agency.Question {
	language := languageCode(f.values["Customer.Custom14"])
	tasks := []agency.Question{
		{Kind: agency.InformRights, Hints: agency.Hints{Language: language}},
		{Kind: agency.AssessRisk},
	}
	if filing.Age != events.Adult {
		tasks = append(tasks, agency.Question{Kind: agency.TellChildProtection, Hints: agency.Hints{Region: filing.Region, Age: filing.Age}})
	}
	if strings.EqualFold(f.values["NeedSupport"], "No") {
		return tasks
	}
	return append(tasks,
		agency.Question{Kind: agency.AskConsent, Hints: agency.Hints{Language: language}},
		agency.Question{Kind: agency.ChooseProvider, Hints: agency.Hints{
			Language: language, Region: filing.Region, Sex: f.sex(), Age: filing.Age, Needs: f.needs(),
		}})
}

// needs is what the form says that a provider must give: no more than an
// interpreter. That the person wants support names no need of theirs.
func (f form) needs() events.Set[events.Need] {
	if strings.EqualFold(f.values["Customer.Custom13"], "Yes") {
		return events.Set[events.Need]{"interpretation"}
	}
	return nil
}

func (f form) sex() events.Sex {
	for _, member := range []string{"Customer.Custom17", "Customer.Gender"} {
		switch strings.ToLower(f.values[member]) {
		case "male":
			return "man"
		case "female":
			return "woman"
		}
	}
	return ""
}

// sections are JSON objects of what the form says, under plain names.
func (f form) sections() (map[events.Section]jsontext.Value, error) {
	said := map[events.Section]map[string]string{}
	for member, value := range f.values {
		p := placeOf(member)
		if p.section == "" {
			continue
		}
		if p.flag && !strings.EqualFold(value, "Yes") && !strings.EqualFold(value, "No") {
			p = place{section: events.SectionTestimony, name: p.name} // some versions of the form put free text into a flag
		}
		if said[p.section] == nil {
			said[p.section] = map[string]string{}
		}
		said[p.section][p.name] = value
	}
	sections := make(map[events.Section]jsontext.Value, len(said))
	for section, members := range said {
		text, err := json.Marshal(members, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("writing a section down: %w", err)
		}
		sections[section] = text
	}
	return sections, nil
}

// languageCode finds the ISO 639-3 code of a language that the form names;
// none for one that it does not know, so that nothing is guessed.
func languageCode(name string) events.Language {
	return map[string]events.Language{
		"albanian": "sqi", "amharic": "amh", "arabic": "ara", "bengali": "ben", "bulgarian": "bul", "chinese": "zho", "czech": "ces",
		"dari": "prs", "english": "eng", "estonian": "est", "farsi": "fas", "french": "fra", "german": "deu", "hindi": "hin",
		"hungarian": "hun", "kurdish": "kur", "latvian": "lav", "lithuanian": "lit", "mandarin": "cmn", "pashto": "pus", "persian": "fas",
		"polish": "pol", "portuguese": "por", "punjabi": "pan", "romanian": "ron", "russian": "rus", "slovak": "slk", "somali": "som",
		"spanish": "spa", "swahili": "swa", "tagalog": "tgl", "thai": "tha", "tigrinya": "tir", "turkish": "tur", "ukrainian": "ukr",
		"urdu": "urd", "vietnamese": "vie", "yoruba": "yor",
	}[strings.ToLower(name)]
}
