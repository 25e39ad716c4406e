package agency

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// deskRoutes is what people, and the command line for them, use.
func (a *Agency) deskRoutes() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, f route) { mux.HandleFunc("GET "+path, a.handle(http.StatusOK, f)) }
	post := func(path string, f func(*http.Request, []byte) (any, error)) {
		mux.HandleFunc("POST "+path, a.bodied(http.StatusAccepted, f))
	}
	get("/v1/status", func(r *http.Request) (any, error) { return a.Status(r.Context()) })
	get("/v1/doctor", func(r *http.Request) (any, error) { return a.Doctor(r.Context()) })
	get("/v1/cases", func(*http.Request) (any, error) { return list("cases", a.Cases(), nil) })
	get("/v1/cases/{case}", func(r *http.Request) (any, error) { return a.Case(events.CaseID(r.PathValue("case"))) })
	get("/v1/cases/{case}/sections", func(r *http.Request) (any, error) {
		sections, err := a.Sections(events.CaseID(r.PathValue("case")))
		return list("sections", sections, err)
	})
	mux.HandleFunc("POST /v1/cases/{case}/sections/{record}/open", a.bodied(http.StatusOK, a.openSection))
	get("/v1/inbox", func(*http.Request) (any, error) { return a.Inbox(), nil })
	get("/v1/outbox", func(r *http.Request) (any, error) { return a.Outbox(r.Context()) })
	get("/v1/tasks", func(r *http.Request) (any, error) {
		tasks, err := a.Tasks(r.Context())
		return list("tasks", tasks, err)
	})
	get("/v1/readlog", func(r *http.Request) (any, error) {
		reads, err := a.ReadLog(r.Context())
		return list("reads", reads, err)
	})
	post("/v1/tasks/{task}/answer", func(r *http.Request, body []byte) (any, error) {
		ids, err := a.AnswerTask(r.Context(), TaskID(r.PathValue("task")), body)
		return Said{Events: ids}, err
	})
	post("/v1/say", a.postSay)
	post("/v1/records", a.postRecords)
	a.nightRoutes(get, post)
	a.witnessRoutes(mux, get, post)
	a.keyRoutes(mux, get, post)
	a.alertRoutes(mux)
	mux.HandleFunc("/", a.missing)
	return mux
}

// nightRoutes are what the night shift needs beyond the tasks.
func (a *Agency) nightRoutes(get func(string, route), post func(string, func(*http.Request, []byte) (any, error))) {
	post("/v1/tonight", a.postTonight)
	post("/v1/questions", a.postQuestion)
	post("/v1/questions/answer", a.postReply)
	get("/v1/questions", func(*http.Request) (any, error) { return list("questions", a.Questions(), nil) })
	get("/v1/overdue", func(*http.Request) (any, error) { return a.Overdue(), nil })
	get("/v1/cases/{case}/known", func(r *http.Request) (any, error) { return a.Known(events.CaseID(r.PathValue("case"))) })
	get("/v1/withdrawals/{case}", func(r *http.Request) (any, error) {
		withdrawals, err := a.Withdrawals(events.CaseID(r.PathValue("case")))
		return list("withdrawals", withdrawals, err)
	})
	post("/v1/capacity", a.postCapacity)
	get("/v1/providers", a.getProviders)
	post("/v1/contacts", a.postContact)
	get("/v1/contacts", func(r *http.Request) (any, error) { return a.ContactLog(r.Context()) })
	post("/v1/links", a.postLink)
}

// list is a list as a member of an object, so that others can join it later.
func list[T any](name string, of []T, err error) (any, error) {
	return map[string][]T{name: of}, err
}

// deskSays is what a person says: the type as people write it (case.opened), and
// its facts. Times and channel may be left out: now, and in person.
type deskSays struct {
	Case     events.CaseID     `json:"case,omitzero"` // may be left out when opening a case
	Type     string            `json:"type"`
	Referral events.ReferralID `json:"referral,omitzero"`
	Cause    events.EventID    `json:"cause,omitzero"`
	Data     jsontext.Value    `json:"data,omitzero"`
}

// Said is the answer to a statement: it is signed, stored and on its way.
type Said struct {
	Events []events.EventID `json:"events"`
}

// SaidOf is [Said] with the case that it is about.
type SaidOf struct {
	Case   events.CaseID    `json:"case"`
	Events []events.EventID `json:"events"`
}

func (a *Agency) postSay(r *http.Request, body []byte) (any, error) {
	var given deskSays
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	t := typeNamed(given.Type)
	if t == "" || t.HubOnly() || t.IsControl() || t.Sealed() {
		return nil, events.Refuse(events.RuleTypeUnknown, "/type", "name a statement of the catalogue that agencies make, such as referral.accepted; records, questions and answers have paths of their own")
	}
	now := a.now()
	data, err := withSaid(given.Data, now)
	if err != nil {
		return nil, err
	}
	payload, err := events.Decode(t, data)
	if err != nil {
		return nil, strict.Inside(err, "/data")
	}
	if given.Case == "" && t == events.TypeCaseOpened {
		id, err := newID("", now)
		if err != nil {
			return nil, err
		}
		given.Case = events.CaseID(id)
	}
	ids, err := a.Say(r.Context(), Statement{Case: given.Case, Referral: a.onlyReferral(given, t), Cause: given.Cause, Payload: payload})
	return SaidOf{Case: given.Case, Events: ids}, err
}

// typeNamed finds a type by its full name, or as people write it.
func typeNamed(name string) events.Type {
	for _, t := range events.Types() {
		if string(t) == name || t.Name() == name {
			return t
		}
	}
	return ""
}

// withSaid fills in what goes without saying: now, now, in person.
func withSaid(data jsontext.Value, now time.Time) (jsontext.Value, error) {
	members := map[string]jsontext.Value{}
	if data != nil {
		if err := strict.Read(data, &members); err != nil {
			return nil, strict.Inside(err, "/data")
		}
	}
	at, err := json.Marshal(events.At(now))
	if err != nil {
		return nil, err
	}
	for member, value := range map[string]jsontext.Value{"happened": at, "recorded": at, "channel": jsontext.Value(`"in-person"`)} {
		if _, given := members[member]; !given {
			members[member] = value
		}
	}
	return json.Marshal(members, json.Deterministic(true))
}

// onlyReferral is the referral that a statement is about: the one named or,
// where the type needs one, the only one of the case.
func (a *Agency) onlyReferral(given deskSays, t events.Type) events.ReferralID {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[given.Case]
	if given.Referral != "" || f == nil {
		return given.Referral
	}
	term, _ := a.book.memo.Term(t)
	referrals := f.tentative.Referrals()
	for _, rule := range term.Requires {
		if rule == mou.RuleReferralUnknown && len(referrals) == 1 {
			return referrals[0].ID
		}
	}
	return ""
}

// deskSeals names the sections to seal to a candidate of a referral.
type deskSeals struct {
	Case     events.CaseID                     `json:"case"`
	Referral events.ReferralID                 `json:"referral"`
	To       events.AgencyID                   `json:"to"`
	Purpose  events.Purpose                    `json:"purpose,omitzero"`
	Sections events.Set[events.Section]        `json:"sections"`
	Values   map[events.Section]jsontext.Value `json:"values,omitzero"` // instead of what is held back
}

func (a *Agency) postRecords(r *http.Request, body []byte) (any, error) {
	var given deskSeals
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	if err := strict.Wanted(given.Sections != nil, "sections"); err != nil {
		return nil, err
	}
	ids, err := a.SealTo(r.Context(), Sealing{
		Case: given.Case, Referral: given.Referral, To: given.To, Purpose: given.Purpose, Sections: given.Sections, Values: given.Values,
	})
	return SaidOf{Case: given.Case, Events: ids}, err
}

func (a *Agency) openSection(r *http.Request, body []byte) (any, error) {
	var given struct {
		Role    events.ReaderRole `json:"role"`
		Purpose events.Purpose    `json:"purpose"`
		Basis   events.LegalBasis `json:"basis"`
		Reader  string            `json:"reader,omitzero"`
	}
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	section, err := a.Open(r.Context(), Opening{
		Case: events.CaseID(r.PathValue("case")), Record: events.EventID(r.PathValue("record")),
		Role: given.Role, Purpose: given.Purpose, Basis: given.Basis, Reader: given.Reader,
	})
	return map[string]jsontext.Value{"section": section}, err
}
