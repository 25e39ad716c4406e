package duty

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"handrail/events"
	"handrail/services/agency/alert"
	"handrail/services/web"
)

// How many empty lines the form offers, and how many lines it takes at most.
const (
	emptyPeople = 2
	emptyShifts = 2
	mostLines   = 128
)

// rotaForm is the rota as the form shows it: what was typed, as it was typed.
type rotaForm struct {
	Unreadable bool
	Meanwhile  bool
	Mark       string
	MailServer bool
	Gateway    bool

	People    []personLine
	Shifts    []shiftLine
	Otherwise string
	Tonight   string // minutes
	Standard  string
	Browsers  bool
	Contact   string
	Timezone  string

	Faults []rotaFault
	Says   map[string]string // by the id of a field: the key of what is wrong
}

type personLine struct {
	Number    int
	Code      string
	Mail, SMS string
	Push      bool
	Webhook   bool
}

type shiftLine struct {
	Number   int
	Was      bool // it is a shift that the rota has
	Days     string
	From, To string
	Who      string
}

// rotaFault is one thing that is wrong.
type rotaFault struct {
	At    string // id of the field
	Says  string // key
	Field string // of the file, where the form has no field for it
}

// choice is one option of a list.
type choice struct {
	Value, Key string
	Chosen     bool
}

// Choices are the days that a shift can have; days that the file has otherwise are one
// more.
func (s shiftLine) Choices() []choice {
	list := []choice{{"daily", "duty.rota.days.daily", false}, {"mo-fr", "duty.rota.days.mo-fr", false}, {"sa-su", "duty.rota.days.sa-su", false}}
	for i, day := range []string{"mo", "tu", "we", "th", "fr", "sa", "su"} {
		list = append(list, choice{day, "date.weekday." + strconv.Itoa((i+1)%7), false})
	}
	at := slices.IndexFunc(list, func(c choice) bool { return c.Value == s.Days })
	switch {
	case at >= 0:
		list[at].Chosen = true
	case s.Days != "":
		list = append(list, choice{s.Days, "", true})
	}
	return list
}

func (p pages) rota(v *web.Visit) (web.Answer, error) {
	roster, err := p.agency.Alerting().Roster()
	if err != nil {
		return titled(v, "duty-rota", "duty.rota.title", http.StatusConflict, rotaForm{Unreadable: true}) //nolint:nilerr // the page says what to do, and the doctor says why
	}
	if roster.Mark == "" {
		roster = p.first(v)
	}
	return titled(v, "duty-rota", "duty.rota.title", http.StatusOK, formOf(roster))
}

// first is what a rota begins with: whoever writes it is alerted at any hour.
func (p pages) first(v *web.Visit) alert.Roster {
	zone := "UTC"
	if profile, err := p.agency.Profile(); err == nil {
		zone = profile.Local(v.Now).Location().String()
	}
	return alert.Roster{
		Timezone: zone, WaitTonight: "5m", WaitStandard: "30m", Otherwise: []string{v.Person.Code},
		People: []alert.RosterPerson{{Code: v.Person.Code, Push: true}}, Browsers: true,
	}
}

func formOf(r alert.Roster) rotaForm {
	f := rotaForm{
		Mark: r.Mark, MailServer: r.MailServer, Gateway: r.Gateway, Otherwise: strings.Join(r.Otherwise, " "), Tonight: minutes(r.WaitTonight),
		Standard: minutes(r.WaitStandard), Browsers: r.Browsers, Contact: r.Contact, Timezone: r.Timezone,
	}
	for _, p := range r.People {
		f.People = append(f.People, personLine{Code: p.Code, Mail: p.Mail, SMS: p.SMS, Push: p.Push, Webhook: p.Webhook})
	}
	for _, s := range r.Shifts {
		f.Shifts = append(f.Shifts, shiftLine{Was: true, Days: s.Days, From: s.From, To: s.To, Who: strings.Join(s.People, " ")})
	}
	f.offerLines()
	return f
}

// offerLines adds empty lines to fill in, and numbers all.
func (f *rotaForm) offerLines() {
	f.People = append(f.People, make([]personLine, emptyPeople)...)
	f.Shifts = append(f.Shifts, make([]shiftLine, emptyShifts)...)
	for i := range f.People {
		f.People[i].Number = i + 1
	}
	for i := range f.Shifts {
		f.Shifts[i].Number = i + 1
	}
}

// minutes writes a length of time as the form has it; one that is no whole number of
// minutes stays as it is.
func minutes(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || d%time.Minute != 0 {
		return text
	}
	return strconv.Itoa(int(d / time.Minute))
}

// duration is the same backwards.
func duration(text string) string {
	if n, err := strconv.Atoi(text); err == nil {
		return fmt.Sprintf("%dm", n)
	}
	return text
}

func (p pages) keepRota(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	before, err := p.agency.Alerting().Roster()
	if err != nil {
		return titled(v, "duty-rota", "duty.rota.title", http.StatusConflict, rotaForm{Unreadable: true}) //nolint:nilerr // as above
	}
	form := typed(v, before)
	roster := form.roster()
	form.check()
	if len(form.Faults) == 0 {
		err = p.agency.Alerting().KeepRoster(v.Context(), roster)
		faults := alert.Faults(err)
		switch {
		case err == nil:
			return web.Go(Path + "?done=kept"), nil
		case errors.Is(err, alert.ErrRotaChanged):
			form.Meanwhile = true
		case len(faults) == 0:
			return nil, err
		}
		for _, fault := range faults {
			form.add(form.place(fault.Field))
		}
	}
	form.offerLines()
	return titled(v, "duty-rota", "duty.rota.title", http.StatusUnprocessableEntity, form)
}

// typed reads what was typed, without the lines that are empty.
func typed(v *web.Visit, before alert.Roster) rotaForm {
	value := func(format string, args ...any) string {
		return strings.TrimSpace(v.PostFormValue(fmt.Sprintf(format, args...)))
	}
	f := rotaForm{
		Mark: value("mark"), MailServer: before.MailServer, Gateway: before.Gateway, Otherwise: value("otherwise"), Tonight: value("tonight"), Standard: value("standard"),
		Browsers: value("browsers") == "1", Contact: value("contact"), Timezone: value("timezone"), Says: map[string]string{},
	}
	for i := range mostLines {
		if code := value("person-%d-code", i); code != "" {
			line := personLine{Code: code, Mail: value("person-%d-mail", i), SMS: strings.ReplaceAll(value("person-%d-sms", i), " ", ""), Push: value("person-%d-push", i) == "1"}
			line.Webhook = slices.ContainsFunc(before.People, func(p alert.RosterPerson) bool { return p.Code == code && p.Webhook })
			f.People = append(f.People, line)
		}
		line := shiftLine{Was: value("shift-%d-was", i) == "1", Days: value("shift-%d-days", i), From: value("shift-%d-from", i), To: value("shift-%d-to", i), Who: value("shift-%d-people", i)}
		if removed := line.Was && line.Days == ""; !removed && line.Days+line.Who != "" {
			f.Shifts = append(f.Shifts, line)
		}
	}
	return f
}

// roster is what the form asks for.
func (f *rotaForm) roster() alert.Roster {
	r := alert.Roster{
		Mark: f.Mark, Timezone: f.Timezone, WaitTonight: duration(f.Tonight), WaitStandard: duration(f.Standard), Otherwise: people(f.Otherwise),
		Browsers: f.Browsers, Contact: f.Contact,
	}
	for _, p := range f.People {
		r.People = append(r.People, alert.RosterPerson{Code: p.Code, Mail: p.Mail, SMS: p.SMS, Push: p.Push})
	}
	for _, s := range f.Shifts {
		r.Shifts = append(r.Shifts, alert.RosterShift{Days: s.Days, From: s.From, To: s.To, People: people(s.Who)})
	}
	return r
}

// people reads codes with spaces or commas between.
func people(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' || c == ';' })
}

// check finds what the rota could not say in its place.
func (f *rotaForm) check() {
	seen := map[string]bool{}
	for i, p := range f.People {
		at := fmt.Sprintf("person-%d-code", i)
		if new(events.Staff).UnmarshalText([]byte(p.Code)) != nil {
			f.add(rotaFault{At: at, Says: "duty.fault.code"})
		} else if seen[p.Code] {
			f.add(rotaFault{At: at, Says: "duty.fault.twice"})
		}
		seen[p.Code] = true
	}
}

func (f *rotaForm) add(fault rotaFault) {
	if f.Says[fault.At] == "" || fault.Field != "" {
		f.Faults = append(f.Faults, fault)
	}
	if fault.Field == "" {
		f.Says[fault.At] = fault.Says
	}
}

var (
	shiftPlace  = regexp.MustCompile(`^shifts\[([0-9]+)\]\.(days|from|to|people)`)
	personPlace = regexp.MustCompile(`^people\.([a-z0-9-]+)(?:\.(mail|sms))?$`)
)

// place finds the field of the form for one of the file.
func (f *rotaForm) place(field string) rotaFault {
	if at := shiftPlace.FindStringSubmatch(field); at != nil {
		says := map[string]string{"days": "duty.fault.days", "from": "duty.fault.clock", "to": "duty.fault.clock", "people": "duty.fault.who"}[at[2]]
		return rotaFault{At: "shift-" + at[1] + "-" + at[2], Says: says}
	}
	if at := personPlace.FindStringSubmatch(field); at != nil {
		i := slices.IndexFunc(f.People, func(p personLine) bool { return p.Code == at[1] })
		switch {
		case i >= 0 && at[2] != "":
			return rotaFault{At: fmt.Sprintf("person-%d-%s", i, at[2]), Says: "duty.fault." + at[2]}
		case i >= 0:
			return rotaFault{At: fmt.Sprintf("person-%d", i), Says: "duty.fault.reach"}
		}
	}
	name, _, _ := strings.Cut(field, "[")
	known, ok := map[string]rotaFault{
		"people":        {At: "people", Says: "duty.fault.people"},
		"otherwise":     {At: "otherwise", Says: "duty.fault.otherwise"},
		"wait.tonight":  {At: "tonight", Says: "duty.fault.tonight"},
		"wait.standard": {At: "standard", Says: "duty.fault.standard"},
		"timezone":      {At: "timezone", Says: "duty.fault.timezone"},
		"push.contact":  {At: "contact", Says: "duty.fault.contact"},
		"push":          {At: "browsers", Says: "duty.fault.browsers"},
	}[name]
	if ok {
		return known
	}
	return rotaFault{At: "people", Says: "duty.fault.other", Field: field}
}
