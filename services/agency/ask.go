package agency

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// maxText is how long a question or an answer may be, in characters.
const maxText = 2000

// RuleQuestionUnknown refuses an answer to what was never asked of this agency.
const RuleQuestionUnknown events.Rule = "question-unknown"

// Asking is a question of a provider to the agency that asked it. The text
// travels sealed and is not kept here: only who asked whom is seen.
type Asking struct {
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral"`
	Text     string            `json:"text"`
	ID       events.EventID    `json:"-"` // chosen by whose form asks, so that it asks once; empty: a new one
}

// Replying is the answer to one question that reached this agency.
type Replying struct {
	Case     events.CaseID  `json:"case"`
	Question events.EventID `json:"question"`
	Text     string         `json:"text"`
	ID       events.EventID `json:"-"` // as of [Asking]
}

// AskedQuestion is one question, of which only the text is sealed.
type AskedQuestion struct {
	Case     events.CaseID     `json:"case"`
	Referral events.ReferralID `json:"referral"`
	Question events.EventID    `json:"question"` // the record to open
	From     events.AgencyID   `json:"from"`
	To       events.AgencyID   `json:"to"`
	Answered events.EventID    `json:"answered,omitzero"` // the newest answer to whoever asked, said after the question
}

// Ask seals a question to the agency that asked this one. Errors as for [Agency.Say];
// id-reused if the same form was sent before.
func (a *Agency) Ask(ctx context.Context, q Asking) ([]events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var to events.AgencyID
	if f := a.book.files[q.Case]; f != nil {
		_, to, _ = request(f.tentative, q.Referral)
	}
	if to == "" {
		return nil, events.Refuse(mou.RuleReferralUnknown, "/referral", "this agency knows no referral of that id in the case")
	}
	return a.sayText(ctx, events.TypeReferralAsked, q.Text, Sealing{Case: q.Case, Referral: q.Referral, To: to, ID: q.ID})
}

// Reply seals an answer to the provider that asked. Errors as for [Agency.Ask],
// and question-unknown.
func (a *Agency) Reply(ctx context.Context, r Replying) ([]events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, q := range a.questionsIn(r.Case) {
		if q.Question == r.Question && q.To == a.config.Agency {
			return a.sayText(ctx, events.TypeReferralAnswered, r.Text, Sealing{Case: r.Case, Referral: q.Referral, To: q.From, ID: r.ID})
		}
	}
	return nil, events.Refuse(RuleQuestionUnknown, "/question", "nobody asked this agency a question of that id in the case")
}

// sayText seals a text as a question or an answer. Agency.mu is held.
func (a *Agency) sayText(ctx context.Context, as events.Type, text string, s Sealing) ([]events.EventID, error) {
	if a.directory == nil || a.book.memo == nil {
		return nil, ErrNotJoined
	}
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText {
		return nil, events.Refuse(events.RuleDataRange, "/text", "a text of 1 to 2000 characters is needed")
	}
	section, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return nil, events.Refuse(events.RuleDataMalformed, "/text", "the text is not valid UTF-8")
	}
	key, err := a.sealingKey(s.To)
	if err == nil {
		s.Purpose, err = a.purposeOf(s)
	}
	if err != nil {
		return nil, err
	}
	statement, err := a.sealOne(s, as, events.SectionQuestion, section, key, a.now())
	if err != nil {
		return nil, err
	}
	return a.sayLocked(ctx, true, nil, statement)
}

// Questions lists the questions of all cases that this agency asked or was
// asked, oldest first.
func (a *Agency) Questions() []AskedQuestion {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := []AskedQuestion{}
	for _, id := range a.book.ids() {
		list = append(list, a.questionsIn(id)...)
	}
	return list
}

// questionsIn lists those of one case. Agency.mu is held.
func (a *Agency) questionsIn(id events.CaseID) (list []AskedQuestion) {
	f := a.book.files[id]
	if f == nil {
		return nil
	}
	for _, item := range f.tentative.Trail() {
		record, sealed := item.Facts.(*events.Record)
		switch {
		case !sealed:
		case item.Type == events.TypeReferralAsked:
			list = append(list, AskedQuestion{Case: id, Referral: item.Referral, Question: item.ID, From: item.By, To: record.Header.To})
		case item.Type == events.TypeReferralAnswered:
			for i := range list {
				if list[i].Referral == item.Referral && list[i].From == record.Header.To {
					list[i].Answered = item.ID
				}
			}
		}
	}
	return list
}

func (a *Agency) postQuestion(r *http.Request, body []byte) (any, error) {
	var given Asking
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	ids, err := a.Ask(r.Context(), given)
	return SaidOf{Case: given.Case, Events: ids}, err
}

func (a *Agency) postReply(r *http.Request, body []byte) (any, error) {
	var given Replying
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	ids, err := a.Reply(r.Context(), given)
	return SaidOf{Case: given.Case, Events: ids}, err
}
