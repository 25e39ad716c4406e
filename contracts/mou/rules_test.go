package mou_test

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// breaks is the smallest history that breaks a rule: what was said before, and
// who then may not say what.
type breaks struct {
	name string
	rule events.Rule
	tell func(s *story) (by events.AgencyID, in events.ReferralID, what events.Payload)
}

func caseBreaks() []breaks {
	return []breaks{
		{"a coordinator opens a case", mou.RulePower, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return office, "", s.opened(events.Adult)
		}},
		{"an agency releases a record", mou.RulePower, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return police, "", &events.RecordReleased{Said: s.said(), Record: s.c.Records()[0].ID, To: lightship}
		}},
		{"the hub opens a case", mou.RulePower, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return events.HubAgency, "", s.opened(events.Adult)
		}},
		{"rights are told in no case", mou.RuleCaseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return police, "", s.rights()
		}},
		{"a stranger speaks of a case that exists", mou.RuleCaseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return lightship, "", s.rights()
		}},
		{"a case is opened twice", mou.RuleCaseExists, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", s.opened(events.Adult)
		}},
		{"a stranger opens a case that exists", mou.RuleNotPermitted, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return lightship, "", s.opened(events.Adult)
		}},
		{"rights are told after the case is closed", mou.RuleCaseClosed, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "person-left"})
			return police, "", s.rights()
		}},
		{"a shelter that has not accepted tells of rights", mou.RuleNotInContact, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return lightship, "", s.rights()
		}},
		{"a shelter closes the police's case", mou.RuleNotOwner, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.arrived(lightship)
			return lightship, "", &events.CaseClosed{Said: s.said(), Reason: "completed"}
		}},
		{"a case is closed while a shelter is asked", mou.RuleReferralPending, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			return police, "", &events.CaseClosed{Said: s.said(), Reason: "completed"}
		}},
		{"risk is assessed without the person", mou.RuleRiskWithPerson, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", &events.RiskAssessed{Said: s.said()}
		}},
		{"a notice goes to an agency that nobody knows", mou.RuleRecipientUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", &events.NoticeSent{Said: s.said(), To: "nobody", Age: events.Adult}
		}},
		{"a notice goes to a shelter", mou.RuleAgreementTable, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", &events.NoticeSent{Said: s.said(), To: lightship, Age: events.Adult}
		}},
	}
}

func consentBreaks() []breaks {
	return []breaks{
		{"consent is asked before rights are told", mou.RuleRightsFirst, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", s.bundle("bed")
		}},
		{"consent is asked in another language", mou.RuleRightsLanguage, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			c := s.bundle("bed")
			c.Language = "bul"
			return police, "", c
		}},
		{"a child consents alone", mou.RuleChildGuardian, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Child))
			s.says(police, "", s.rights())
			return police, "", s.bundle("bed")
		}},
		{"somebody whose age is unsure consents alone", mou.RuleChildGuardian, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Unsure))
			s.says(police, "", s.rights())
			return police, "", s.bundle("bed")
		}},
		{"a guardian consents for an adult", mou.RuleChildGuardian, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			c := s.bundle("bed")
			c.By = events.ByGuardian
			return police, "", c
		}},
		{"a shelter is asked without consent", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			return police, "", s.asks(lightship)
		}},
		{"one of two shelters is not covered", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			c := s.bundle("bed")
			c.Recipient.Except = events.Set[events.AgencyID]{harbour}
			s.says(police, "", c)
			return police, "", s.asks(lightship, harbour)
		}},
		{"a section is not covered", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			c := s.bundle("bed")
			c.Sections = events.Set[events.Section]{events.SectionContact}
			s.says(police, "", c)
			return police, "", s.asks(lightship)
		}},
		{"the consent has run out", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			s.says(police, "", s.bundle("bed"))
			s.now = s.now.Add(31 * 24 * time.Hour)
			return police, "", s.asks(lightship)
		}},
		{"the consent was provisional and not asked again", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			c := s.bundle("bed")
			c.Present = events.Set[events.Present]{"employer"}
			s.says(police, "", c)
			s.now = s.now.Add(73 * time.Hour)
			return police, "", s.asks(lightship)
		}},
		{"the person refused after all", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			s.says(police, "", s.bundle("bed"))
			s.says(police, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Agency: lightship}, Purpose: events.PurposeAccommodation})
			return police, "", s.asks(lightship)
		}},
		{"a no is recorded late, after a yes", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			no := &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: lightship}}
			s.now = s.now.Add(time.Hour)
			s.says(police, "", s.bundle("bed"))
			s.says(police, "", no)
			return police, "", s.asks(lightship)
		}},
		{"an earlier yes arrives after a later no", mou.RuleConsentRequired, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.says(police, "", s.rights())
			yes := s.bundle("bed")
			s.now = s.now.Add(time.Hour)
			s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
			s.says(police, "", yes)
			return police, "", s.asks(lightship)
		}},
	}
}

// unlistedBreaks write something into the record where an agency's id stands.
func unlistedBreaks() []breaks {
	var all []breaks
	for name, r := range map[string]events.Recipient{
		"an agency that nobody knows": {Agency: "ann-example-born-1999"},
		"all but one nobody knows":    {Class: events.Shelter, Except: events.Set[events.AgencyID]{harbour, "her-brother-works-there"}},
	} {
		for says, p := range map[string]func(*story) events.Payload{
			"given": func(s *story) events.Payload {
				c := s.bundle("bed")
				c.Recipient = r
				return c
			},
			"refused": func(s *story) events.Payload {
				return &events.ConsentRefused{Said: s.said(), Recipient: r, Purpose: events.PurposeAccommodation}
			},
			"withdrawn": func(s *story) events.Payload { return &events.ConsentWithdrawn{Said: s.said(), Recipient: r} },
		} {
			all = append(all, breaks{"a consent is " + says + " for " + name, mou.RuleRecipientUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
				s.says(police, "", s.opened(events.Adult))
				s.says(police, "", s.rights())
				return police, "", p(s)
			}})
		}
	}
	return all
}

func linkBreaks() []breaks {
	return []breaks{
		{"rights are correlated with a referral that others must not know of", mou.RuleCorrelation, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			return police, s.requested(lightship), s.rights()
		}},
		{"a dispute is correlated with the case", mou.RuleCorrelation, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.accepted(lightship)
			return lightship, "", &events.RecordDisputed{Said: s.said(), Record: s.c.Records()[0].ID}
		}},
		{"the cause is no statement of the case", mou.RuleCauseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.says(police, "", s.opened(events.Adult))
			s.cause = events.EventID(uuid(1 << 40))
			return police, "", s.rights()
		}},
		{"the cause is hidden from its sender", mou.RuleCauseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			r := s.requested(lightship)
			s.cause = s.c.Records()[0].ID
			return lightship, r, &events.ReferralAccepted{Said: s.said()}
		}},
		{"the cause is hidden from a recipient", mou.RuleCauseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			s.cause = s.says(police, "", &events.RiskAssessed{Said: s.said(), WithPerson: true})
			return police, "", s.rights()
		}},
		{"a withdrawal names a cause that a former provider does not see", mou.RuleCauseUnknown, func(s *story) (events.AgencyID, events.ReferralID, events.Payload) {
			s.requested(lightship)
			s.cause = s.acts[0].Event.ID
			return police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}}
		}},
	}
}

func TestEveryRuleRefusesWhatBreaksIt(t *testing.T) {
	proved := map[events.Rule]bool{}
	for _, b := range slices.Concat(caseBreaks(), consentBreaks(), unlistedBreaks(), referralBreaks(), recordBreaks(), linkBreaks(), turnBreaks(), questionBreaks(), clockBreaks(), pathBreaks()) {
		t.Run(b.name, func(t *testing.T) {
			s := newStory(t)
			by, in, what := b.tell(s)
			s.mayNot(b.rule, by, in, what)
		})
		proved[b.rule] = true
	}
	for _, c := range mou.Refusals() {
		if !proved[c.Rule] {
			t.Errorf("no history breaks the rule %s", c.Rule)
		}
	}
	for _, term := range newStory(t).m.Terms() {
		for _, rule := range term.Requires {
			if !slices.ContainsFunc(mou.Refusals(), func(c mou.Clause) bool { return c.Rule == rule }) {
				t.Errorf("term %s requires %s, which no clause explains", term.Clause, rule)
			}
		}
	}
}
