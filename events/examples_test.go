package events_test

import (
	"encoding/base64"
	"maps"
	"strings"

	"handrail/events"
)

// examples has one full payload, every optional member included, for every type
// that carries facts, in the form in which we encode it.
func examples() map[events.Type]string {
	all := map[events.Type]string{}
	maps.Copy(all, directoryExamples())
	maps.Copy(all, caseExamples())
	maps.Copy(all, referralExamples())
	maps.Copy(all, deadlineExamples())
	maps.Copy(all, pathExamples())
	return all
}

const (
	retiredCase = "01890a5d-ac96-774b-bcce-b302099a8057"
	hashed      = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// witnessOf is the member of a listing that names an agency's witness key.
func witnessOf(agency string) string {
	return `,"witness":"handrail/sampleland/` + agency + `+0123abcd+` + strings.Repeat("A", 44) + `"`
}

func directoryExamples() map[events.Type]string {
	key, proof := base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString(make([]byte, 64))
	point := base64.StdEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
	listing := func(agency, kind string) string {
		witness := witnessOf(agency)
		if kind == "foreign-mission" {
			witness = ""
		}
		return `{"agency":"` + agency + `","kind":"` + kind + `","signing":"` + key + `","sealing":"` + point + `"` + witness + `,"proof":"` + proof + `"}`
	}
	hub := `"log":"handrail/sampleland+0123abcd+` + strings.Repeat("A", 44) + `","signing":"` + key + `","profile":"uk@1","text":"` + hashed + `"`
	return map[events.Type]string{
		events.TypeDirectoryFounded: `{` + hub + `,"agencies":[` + listing("sampletown-police", "police") + `,` + listing("lighthouse-shelter", "shelter") + `]}`,
		events.TypeDirectoryListed:  `{` + hub + `,"agencies":[` + listing("farland-mission", "foreign-mission") + `]}`,
		events.TypeDirectoryJoined: `{"listing":` + listing("harbour-shelter", "shelter") + `,"vouching":[{"agency":"sampletown-police","key":"` + hashed + `","signature":"` + proof + `"},` +
			`{"agency":"lighthouse-shelter","key":"` + hashed + `","signature":"` + proof + `"}]}`,
		events.TypeDirectoryKeyed:     `{"listing":` + listing("harbour-shelter", "shelter") + `}`,
		events.TypeDirectorySuspended: `{"because":"device-lost"}`,
		events.TypeDirectoryResumed:   `{}`,
		events.TypeDirectoryRevoked:   `{"because":"keys-stolen"}`,
		events.TypeCapacityPublished: `{` + said + `,"needs":["emergency-shelter","counselling"],"sexes":["woman"],"ages":["adult","child"],"children":3,"access":["step-free"],` +
			`"languages":["lit","eng"],"hours":["daily 00:00-06:00","mo 08:00-24:00"],"places":"few","region":"LT-VL"}`,
		events.TypeControlPosition: `{"position":41,"resume":true,"again":[7,9]}`,
		events.TypeControlHead:     `{"delivered":42}`,
		events.TypeControlResend:   `{"key":"` + strings.Repeat("0a", 32) + `","sequence":7}`,
		events.TypeControlOffered:  `{"old":40,"proof":"` + key + `","checkpoint":"` + key + `"}`,
		events.TypeControlCosigned: `{"size":41,"checkpoint":"` + key + `","finding":"old-size"}`,
		events.TypeTrailRead:       `{"what":"export","case":"` + retiredCase + `","approved":"sampleland-court"}`,
		events.TypeRetentionEnded:  `{"case":"` + retiredCase + `","entries":12,"leaves":"` + hashed + `"}`,
		events.TypeWitnessReset:    `{` + said + `,"because":"state-lost","lost":40,"size":41,"root":"` + hashed + `"}`,
	}
}

func caseExamples() map[events.Type]string {
	class := `"recipient":{"class":"shelter","except":["other-shelter"]},"purpose":"accommodation"`
	return map[events.Type]string{
		events.TypeCaseOpened:     `{` + said + `,"age":"unsure","for":"consular"}`,
		events.TypeCaseClosed:     `{` + said + `,"reason":"completed"}`,
		events.TypeRightsInformed: `{` + said + `,"language":"ron","interpreter":"independent"}`,
		events.TypeRiskAssessed:   `{` + said + `,"with_person":true,"safety":["pursued","tracked-phone"]}`,
		events.TypeConsentGiven: `{` + said + `,` + class + `,"sections":["identity","contact"],"expires":"2027-02-22T00:00:00Z",` +
			`"by":"appointed-guardian","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone","interpreter"],"child_view":"agrees"}`,
		events.TypeConsentRefused:   `{` + said + `,"recipient":{"agency":"sampletown-police"},"purpose":"investigation"}`,
		events.TypeConsentWithdrawn: `{` + said + `,` + class + `}`,
		events.TypeNoticeSent:       `{` + said + `,"to":"sampleland-coordination","age":"adult","region":"GB-ENG"}`,
		events.TypeRecordReleased:   `{` + said + `,"record":"` + recordID + `","to":"lighthouse-shelter"}`,
		events.TypeRecordErased:     `{` + said + `,"record":"` + recordID + `","reason":"withdrawn"}`,
		events.TypeRecordOpened:     `{` + said + `,"record":"01890a5d-ac96-774b-bcce-b302099a8058","role":"case-worker","purpose":"accommodation","basis":"consent"}`,
		events.TypeRecordDisputed:   `{` + said + `,"record":"` + recordID + `"}`,
		events.TypeErasureConfirmed: `{` + said + `,"answer":"kept","ground":"court-order","until":"2027-11-22T00:00:00Z"}`,
	}
}

func referralExamples() map[events.Type]string {
	return map[events.Type]string{
		events.TypeReferralRequested: `{` + said + `,"to":["lighthouse-shelter"],"purpose":"accommodation","sections":["contact"],"needs":["emergency-shelter"],"urgency":"tonight","order":"in-turn",` +
			`"region":"GB-ENG","age":"adult","sex":"woman","children":{"0-8":1,"9-17":2},"language":"ron","access":["step-free"],"safety":["pursued"]}`,
		events.TypeReferralAcknowledged: `{` + said + `,"duty":"duty-3"}`,
		events.TypeReferralAccepted:     `{` + said + `}`,
		events.TypeReferralDeclined:     `{` + said + `,"reason":"full"}`,
		events.TypeReferralWithdrawn:    `{` + said + `,"reason":"person-declined"}`,
		events.TypeReferralFeedback:     `{` + said + `,"outcome":"completed"}`,
		events.TypeReferralConfirmed:    `{` + said + `,"provider":"lighthouse-shelter"}`,
		events.TypeReferralNotNeeded:    `{` + said + `,"to":"harbour-shelter"}`,
		events.TypeReferralEscalated:    `{` + said + `,"step":"staffed-duty","to":"sampletown-social","because":"referral-answer","call":"sampletown-police","urgency":"tonight"}`,
		events.TypeHandoverArranged:     `{` + said + `,"planned":"2026-11-22T20:00:00Z"}`,
		events.TypeHandoverCompleted:    `{` + said + `}`,
		events.TypeHandoverFailed:       `{` + said + `,"reason":"not-reached"}`,
		events.TypeServiceStarted:       `{` + said + `,"need":"safe-accommodation"}`,
		events.TypeServiceEnded:         `{` + said + `,"need":"safe-accommodation","reason":"completed"}`,
	}
}

func deadlineExamples() map[events.Type]string {
	deadline := `"duty":"referral-acknowledge","set":12,"owes":"lighthouse-shelter","due":"2026-11-22T09:30:00Z"`
	return map[events.Type]string{
		events.TypeDeadlineDueSoon: `{` + said + `,` + deadline + `}`,
		events.TypeDeadlineMissed:  `{` + said + `,` + deadline + `}`,
	}
}

func pathExamples() map[events.Type]string {
	return map[events.Type]string{
		events.TypeCaseLinked:           `{` + said + `,"case":"` + linkedCase + `","for":"consular"}`,
		events.TypeIncidentLinked:       `{` + said + `,"incident":"` + recordID + `"}`,
		events.TypeAgeDetermined:        `{` + said + `,"age":"adult"}`,
		events.TypeGuardianConflicted:   `{` + said + `}`,
		events.TypeHelpDeclined:         `{` + said + `,"way_back":"hotline-number"}`,
		events.TypePersonMissing:        `{` + said + `}`,
		events.TypePersonFound:          `{` + said + `}`,
		events.TypeEmergencyDisclosed:   `{` + said + `,"reason":"life","to":"sampletown-police","sections":["contact","risk"],"staff":"duty-3"}`,
		events.TypeEmergencyConfirmed:   `{` + said + `,"disclosure":"` + eventID + `","staff":"lead-1","person":"told"}`,
		events.TypeAsylumSought:         `{` + said + `}`,
		events.TypeAsylumEnded:          `{` + said + `}`,
		events.TypeConsularAllowed:      `{` + said + `,"owner":"sampletown-social"}`,
		events.TypeConsularBarred:       `{` + said + `}`,
		events.TypeNationalityVerified:  `{` + said + `}`,
		events.TypeTravelDocumentIssued: `{` + said + `,"until":"2027-02-22T00:00:00Z"}`,
		events.TypeReturnRiskAssessed:   `{` + said + `,"outcome":"acceptable"}`,
		events.TypeReturnAgreed:         `{` + said + `,"by":"person"}`,
		events.TypeReturnDeparted:       `{` + said + `}`,
		events.TypeReturnArrived:        `{` + said + `}`,
	}
}
