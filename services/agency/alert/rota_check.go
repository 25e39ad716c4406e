package alert

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files must know its duty hours too

	"handrail/events"
	"handrail/services/agency/webhook"
)

// FaultError is one thing that is wrong with a rota. No text of it repeats a value.
type FaultError struct {
	Field string // as in the file: shifts[0].from
	Why   string // plain English
}

func (f *FaultError) Error() string { return f.Field + ": " + f.Why }

// faults collects what is wrong with a rota.
type faults []error

func (f *faults) add(field, why string, args ...any) {
	*f = append(*f, &FaultError{field, fmt.Sprintf(why, args...)})
}

func (f *faults) check(field string, err error) {
	if err != nil {
		f.add(field, "%v", err)
	}
}

// rota checks what is written and gives the rota that it stands for.
func (w *written) rota() (*Rota, error) {
	var f faults
	r := &Rota{language: w.Language, rounds: w.Rounds, people: map[events.Staff]person{}, ca: w.CA}
	r.zone = zone(&f, w.Timezone)
	if r.language == "" {
		r.language = "en"
	}
	if _, known := wordings()[r.language]; !known {
		f.add("language", "there are texts in %s", strings.Join(slices.Sorted(maps.Keys(wordings())), ", "))
	}
	if r.rounds == 0 {
		r.rounds = 3
	}
	if r.rounds < 1 || r.rounds > maxRounds {
		f.add("rounds", "everybody is alerted 1 to %d times", maxRounds)
	}
	r.wait = map[events.Urgency]time.Duration{
		events.Tonight:  wait(&f, "wait.tonight", w.Wait.Tonight, time.Hour),
		events.Standard: wait(&f, "wait.standard", w.Wait.Standard, 24*time.Hour),
	}
	if r.ca != "" {
		f.check("ca", fileName(r.ca))
	}
	r.smtp, r.sms, r.push = w.SMTP.server(&f), w.SMS.gateway(&f), w.Push.pushing(&f)
	w.readPeople(&f, r)
	w.readShifts(&f, r)
	if len(f) > 0 {
		return nil, errors.Join(f...)
	}
	return r, nil
}

func zone(f *faults, name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		f.add("timezone", "name the agency's timezone, like Europe/Tallinn")
		return time.UTC
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		f.add("timezone", "there is no timezone of this name; one is Europe/Tallinn")
		return time.UTC
	}
	return at
}

func wait(f *faults, field, text string, most time.Duration) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > most {
		f.add(field, "how long until the next person is alerted, from 1m to %s", strings.TrimSuffix(most.String(), "0m0s"))
	}
	return d
}

func (w *written) readPeople(f *faults, r *Rota) {
	if len(w.People) == 0 || len(w.People) > maxPeople {
		f.add("people", "name 1 to %d people, by their staff codes", maxPeople)
		return
	}
	for _, code := range slices.Sorted(maps.Keys(w.People)) {
		var staff events.Staff
		if err := staff.UnmarshalText([]byte(code)); err != nil {
			f.add("people", "%s", reason(err))
			continue
		}
		r.people[staff] = w.People[code].person(f, "people."+code, w)
	}
}

// reason of a violation, without its rule.
func reason(err error) string {
	if v, ok := errors.AsType[*events.Violation](err); ok {
		return v.Reason
	}
	return err.Error()
}

var (
	mailSyntax   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}$`)
	numberSyntax = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	errMail      = errors.New("this is not a mail address like duty@example.org")
)

func (p writtenPerson) person(f *faults, field string, w *written) person {
	made := person{mail: p.Mail, number: p.SMS, push: p.Push}
	if made.push && w.Push == nil {
		f.add("push", "%s.push needs the hosts of the browsers' makers", field)
	}
	if p.Webhook != nil {
		made.hook, made.secret = p.Webhook.URL, p.Webhook.Secret
		f.check(field+".webhook.url", webhook.CheckURL(made.hook))
		f.check(field+".webhook.secret", fileName(made.secret))
	}
	if made.mail != "" {
		if !mailSyntax.MatchString(made.mail) {
			f.check(field+".mail", errMail)
		}
		if w.SMTP == nil {
			f.add("smtp", "%s.mail needs a mail server", field)
		}
	}
	if made.number != "" {
		if !numberSyntax.MatchString(made.number) {
			f.add(field+".sms", "a telephone number is written in quotes with + and the country's code, like \"+37255500000\"")
		}
		if w.SMS == nil {
			f.add("sms", "%s.sms needs a gateway", field)
		}
	}
	if !slices.ContainsFunc(channels(), made.has) {
		f.add(field, "name at least one of webhook, mail, sms, push")
	}
	return made
}

func (w *written) readShifts(f *faults, r *Rota) {
	if len(w.Shifts) > maxShifts || len(w.Quiet) > maxQuiet {
		f.add("shifts", "there are at most %d shifts and %d quiet times", maxShifts, maxQuiet)
		return
	}
	var duty []span
	for i, s := range w.Shifts {
		field := fmt.Sprintf("shifts[%d]", i)
		at := writtenSpan{s.Days, s.From, s.To}.span(f, field)
		r.shifts = append(r.shifts, shift{at, r.named(f, field+".people", s.People)})
		duty = append(duty, at)
	}
	for i, s := range w.Quiet {
		r.quiet = append(r.quiet, s.span(f, fmt.Sprintf("quiet[%d]", i)))
	}
	if len(w.Otherwise) > 0 {
		r.otherwise = r.named(f, "otherwise", w.Otherwise)
		return
	}
	if at, open := uncovered(duty); open && len(*f) == 0 {
		f.add("otherwise", "no shift covers %s: say who is alerted when nobody has a shift", at)
	}
}

// named checks a list of people against those that the rota knows.
func (r *Rota) named(f *faults, field string, codes []string) []events.Staff {
	if len(codes) == 0 || len(codes) > maxInShift {
		f.add(field, "name 1 to %d people, the first to be alerted first", maxInShift)
		return nil
	}
	list := make([]events.Staff, len(codes))
	for i, code := range codes {
		list[i] = events.Staff(code)
		if _, known := r.people[list[i]]; !known {
			f.add(fmt.Sprintf("%s[%d]", field, i), "this is nobody listed under people")
		}
	}
	return list
}

func (s writtenSpan) span(f *faults, field string) span {
	var made span
	var err error
	made.days, err = parseDays(s.Days)
	f.check(field+".days", err)
	made.from, err = parseClock(s.From)
	if err == nil && made.from == dayMinutes {
		err = errors.New("the start of a day is 00:00")
	}
	f.check(field+".from", err)
	made.to, err = parseClock(s.To)
	if err == nil && (made.to == 0 || made.from == made.to) {
		err = errors.New("a span ends after it begins; the end of a day is 24:00")
	}
	f.check(field+".to", err)
	return made
}
