package alert

import (
	"time"

	"handrail/events"
)

// RotaFile is the name of the rota in the agency's folder. It holds telephone
// numbers of staff, so nobody but the agency's own user may read it.
const RotaFile = "rota.yaml"

// Limits of a rota. They are far above any real one and keep a hostile file small.
const (
	rotaBytes  = 64 << 10
	maxPeople  = 64
	maxShifts  = 128
	maxInShift = 16
	maxQuiet   = 32
	maxRounds  = 10
)

// Rota says who is alerted when, in which order, and how. It is read-only once
// read; the zero Rota alerts nobody.
type Rota struct {
	zone      *time.Location
	language  string
	wait      map[events.Urgency]time.Duration
	rounds    int
	quiet     []span
	people    map[events.Staff]person
	shifts    []shift
	otherwise []events.Staff
	smtp      mailServer
	sms       gateway
	push      pushing
	ca        string // name of a PEM file of further roots; empty: the machine's only
}

// shift is a span and who has duty in it, the first first.
type shift struct {
	span
	people []events.Staff
}

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Webhook Channel = "webhook"
	Mail    Channel = "mail"
	SMS     Channel = "sms"
	Push    Channel = "push" // to the browsers in which the person asked for it
)

// channels lists them in the order in which they are used.
func channels() []Channel { return []Channel{Push, Webhook, Mail, SMS} }

// person is how one member of staff is reached. What is empty is not used.
type person struct {
	hook   string // URL
	secret string // name of the file with the secret that signs what goes there
	mail   string // address
	number string // E.164
	push   bool   // to their browsers
}

func (p person) has(c Channel) bool {
	switch c {
	case Webhook:
		return p.hook != ""
	case Mail:
		return p.mail != ""
	case SMS:
		return p.number != ""
	case Push:
		return p.push
	}
	return false
}

// mailServer takes the mail. The zero value: there is none.
type mailServer struct {
	host     string
	port     int
	security string // starttls, implicit, or none on a loopback address
	user     string
	password string // name of a file
	from     string
}

// gateway takes short messages over HTTP. The zero value: there is none.
type gateway struct {
	url   string
	token string // name of a file
	body  any    // JSON, with {number}, {digits} and {text} to fill in
}

// OnDuty gives who has duty at an instant, in the order in which they are
// alerted: the people of every shift that covers it, or those named under
// otherwise if none does. It goes by the clock on the wall of the rota's
// timezone, so when that clock is set back an hour's shift is two hours long.
func (r *Rota) OnDuty(t time.Time) []events.Staff {
	var on []events.Staff
	for _, s := range r.shifts {
		if s.covers(t.In(r.zone)) {
			on = append(on, s.people...)
		}
	}
	if len(on) == 0 {
		on = r.otherwise
	}
	return distinct(on)
}

// Quiet says whether alerts of urgency standard wait at an instant.
func (r *Rota) Quiet(t time.Time) bool {
	for _, s := range r.quiet {
		if s.covers(t.In(r.zone)) {
			return true
		}
	}
	return false
}

func distinct(people []events.Staff) []events.Staff {
	seen := map[events.Staff]bool{}
	var once []events.Staff
	for _, p := range people {
		if !seen[p] {
			seen[p] = true
			once = append(once, p)
		}
	}
	return once
}
