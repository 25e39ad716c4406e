package events_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"handrail/events"
)

func pairs(attributes []events.Attribute) [][2]string {
	var all [][2]string
	for _, a := range attributes {
		all = append(all, [2]string{a.Name, a.Value})
	}
	return all
}

func TestEnvelopeVectors(t *testing.T) {
	file := vectorFile{About: "Attributes (name, value) of events, judged before signature and data. A vector without refused is accepted, whatever the order of its attributes."}
	for _, of := range []events.Type{
		events.TypeCaseOpened, events.TypeReferralAccepted, events.TypeRecordSealed, events.TypeControlPosition, events.TypeDirectoryFounded,
		events.TypeDirectoryListed, events.TypeCapacityPublished, events.TypeReferralAsked, events.TypeReferralAnswered, events.TypeReferralEscalated, events.TypeDeadlineMissed,
		events.TypeTrailRead, events.TypeRetentionEnded, events.TypeWitnessReset,
		events.TypeDirectoryJoined, events.TypeDirectoryKeyed, events.TypeDirectorySuspended, events.TypeRecordOpened,
	} {
		e := signed(t, of)
		sentence := sentenceExactly
		switch {
		case of.Sealed() && of != events.TypeRecordSealed:
			sentence = sentenceContent
		case e.Referral() != "":
			sentence = sentenceReferral
		case e.Case() == "" && !of.IsControl():
			sentence = sentenceSubject
		}
		file.Vectors = append(file.Vectors, vector{
			Name: "accepted " + of.Name(), Sentence: sentence, Input: map[string]any{"attributes": pairs(e.Attributes())},
			Output: map[string]any{"agency": e.Agency(), "case": e.Case(), "referral": e.Referral()},
		})
	}
	longest := changed(signed(t, events.TypeCaseOpened), "dssematerial", strings.Repeat("A", 1024))
	_, err := events.Parse(longest, nil)
	file.Vectors = append(file.Vectors, vector{Name: "value of 1024 bytes", Sentence: sentenceLength, Input: map[string]any{"attributes": pairs(longest)}, Refused: refusedBy(t, err)})
	for _, c := range refusedEnvelopes() {
		e := signed(t, c.of)
		attributes := changed(e, c.attribute, c.value)
		_, err := events.Parse(attributes, e.Data)
		file.Vectors = append(file.Vectors, vector{Name: c.name, Sentence: c.sentence, Input: map[string]any{"attributes": pairs(attributes)}, Refused: refusedBy(t, err)})
	}
	e := signed(t, events.TypeCaseOpened)
	twice := append(e.Attributes(), events.Attribute{Name: "hub", Value: e.Hub})
	_, err = events.Parse(twice, e.Data)
	file.Vectors = append(file.Vectors, vector{Name: "attribute twice", Sentence: sentenceAttributes, Input: map[string]any{"attributes": pairs(twice)}, Refused: refusedBy(t, err)})
	publish(t, "envelope.json", file)
}

func TestFactsVectors(t *testing.T) {
	file := vectorFile{About: "Data of events that carry facts: input.type is the event's type, input.data the text of its data. Every type has one full example; of what is delivered first, output has the SHA-256."}
	for _, of := range events.Types() {
		if of.Sealed() {
			continue
		}
		file.Vectors = append(file.Vectors, vector{Name: "accepted " + of.Name(), Sentence: sentenceFacts, Input: map[string]any{"type": of, "data": examples()[of]}})
	}
	for _, of := range []events.Type{events.TypeDirectoryFounded, events.TypeDirectoryListed} {
		digest := sha256.Sum256([]byte(examples()[of]))
		file.Vectors = append(file.Vectors, vector{
			Name: "digest of " + of.Name(), Sentence: sentencePinned, Input: map[string]any{"type": of, "data": examples()[of]}, Output: map[string]any{"sha256_hex": hex.EncodeToString(digest[:])},
		})
	}
	for _, c := range refusedFacts() {
		data := strings.Replace(examples()[c.of], c.old, c.to, 1)
		_, err := events.Decode(c.of, []byte(data))
		v := vector{Name: c.name, Sentence: c.sentence, Input: map[string]any{"type": c.of, "data": data}, Refused: refusedBy(t, err)}
		if v.Refused == nil || data == examples()[c.of] {
			t.Errorf("%s is accepted, or nothing was changed", c.name)
		}
		file.Vectors = append(file.Vectors, v)
	}
	publish(t, "facts.json", file)
}

// factsChange is an example that one changed place makes refused.
type factsChange struct {
	name, sentence string
	of             events.Type
	old, to        string
}

func refusedFacts() []factsChange {
	var all []factsChange
	for _, c := range []struct{ name, sentence, old, to string }{
		{"unknown member", sentenceFacts, `"urgency"`, `"note":"x","urgency"`},
		{"repeated member", sentenceFacts, `"urgency":"tonight"`, `"urgency":"tonight","urgency":"standard"`},
		{"missing member", sentenceFacts, `"urgency":"tonight",`, ``},
		{"null", sentenceFacts, `"tonight"`, `null`},
		{"trailing bytes", sentenceFacts, `["pursued"]}`, `["pursued"]} {}`},
		{"leading zeros", sentenceFacts, `"0-8":1`, `"0-8":00000000000000001`},
		{"seventeen digits", sentenceFacts, `"0-8":1`, `"0-8":10000000000000000`},
		{"NUL", sentenceFacts, `"tonight"`, `"tonight\u0000"`},
		{"nested too deeply", sentenceFacts, `"tonight"`, `[[[[[[]]]]]]`},
		{"free text", sentenceNoText, `"tonight"`, `"as soon as possible"`},
		{"code of another list", sentenceCodes, `["contact"]`, `["emergency-shelter"]`},
		{"region in words", sentenceCodes, `GB-ENG`, `England`},
		{"region of the right form that is not in the list", sentenceCodes, `GB-ENG`, `GB-ANN`},
		{"language of the right form that is not in the list", sentenceCodes, `"ron"`, `"xyz"`},
		{"time with a fraction", sentenceTime, `09:15:00Z`, `09:15:00.5Z`},
	} {
		all = append(all, factsChange{c.name, c.sentence, events.TypeReferralRequested, c.old, c.to})
	}
	return append(all, []factsChange{
		{"an order of no list", sentenceCodes, events.TypeReferralRequested, `"in-turn"`, `"one-by-one"`},
		{"a member of staff by name", sentenceNoText, events.TypeReferralAcknowledged, `"duty-3"`, `"duty Ann"`},
		{"a role of no list", sentenceCodes, events.TypeReferralAcknowledged, `"duty-3"`, `"ann-3"`},
		{"places as a number", sentenceFacts, events.TypeCapacityPublished, `"few"`, `3`},
		{"places counted", sentenceCodes, events.TypeCapacityPublished, `"few"`, `"3"`},
		{"hours over midnight", sentenceRange, events.TypeCapacityPublished, `"mo 08:00-24:00"`, `"mo 22:00-06:00"`},
		{"hours in words", sentenceCodes, events.TypeCapacityPublished, `"mo 08:00-24:00"`, `"at night"`},
		{"an address", sentenceFacts, events.TypeCapacityPublished, `"region":"LT-VL"`, `"region":"LT-VL","address":"1 Harbour Road"`},
		{"two agencies listed to a mission", sentenceRange, events.TypeDirectoryListed, `"agencies":[`, `"agencies":[` + strings.Split(strings.Split(examples()[events.TypeDirectoryListed], `"agencies":[`)[1], `]`)[0] + `,`},
		{"a foreign mission in genesis", sentenceRange, events.TypeDirectoryFounded, `"shelter"`, `"foreign-mission"`},
		{"a founding agency that witnesses nothing", sentenceRange, events.TypeDirectoryFounded, witnessOf("lighthouse-shelter"), ``},
		{"a witness key of another agency", sentenceRange, events.TypeDirectoryFounded, witnessOf("lighthouse-shelter"), witnessOf("sampletown-police")},
		{"a foreign mission that witnesses", sentenceRange, events.TypeDirectoryListed, `,"proof"`, witnessOf("farland-mission") + `,"proof"`},
		{"one agency vouches twice", sentenceRange, events.TypeDirectoryJoined, `"lighthouse-shelter"`, `"sampletown-police"`},
		{"one vouches for itself", sentenceRange, events.TypeDirectoryJoined, `"agency":"lighthouse-shelter"`, `"agency":"harbour-shelter"`},
		{"keys of the hub", sentenceRange, events.TypeDirectoryKeyed, `"agency":"harbour-shelter"`, `"agency":"hub"`},
		{"a ground of no list to rest", sentenceCodes, events.TypeDirectorySuspended, `"device-lost"`, `"holidays"`},
		{"a reader by name", sentenceNoText, events.TypeRecordOpened, `"case-worker"`, `"Ann"`},
		{"a profile of no text", sentenceFacts, events.TypeDirectoryFounded, `"text":"` + hashed + `",`, ``},
		{"an export of no case", sentenceRange, events.TypeTrailRead, `,"case":"` + retiredCase + `"`, ``},
		{"a reading of no list", sentenceCodes, events.TypeTrailRead, `"export"`, `"glance"`},
		{"a ground of no list", sentenceCodes, events.TypeWitnessReset, `"state-lost"`, `"spring-cleaning"`},
		{"a copy again that is not stored yet", sentenceRange, events.TypeControlPosition, `[7,9]`, `[7,42]`},
		{"cosigned, and not shown", sentenceRange, events.TypeControlCosigned, `"size":41`, `"size":0`},
		{"a document that was never valid", sentenceRange, events.TypeTravelDocumentIssued, `2027-02-22`, `2026-02-22`},
		{"consent of an agency and its class", sentenceRange, events.TypeConsentGiven, `{"class"`, `{"agency":"lighthouse-shelter","class"`},
	}...)
}

func TestTimesVectors(t *testing.T) {
	file := vectorFile{About: "The three claims of time: happened and recorded in the data, time on the envelope. The hub's own clock (time-ahead) is not judged here."}
	e := signed(t, events.TypeCaseOpened)
	for _, c := range [][3]string{
		{"in order", "2026-11-22T09:00:00Z", "2026-11-22T09:15:00Z"},
		{"at one instant", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"},
		{"recorded before it happened", "2026-11-22T09:15:01Z", "2026-11-22T09:15:00Z"},
		{"recorded after it was signed", "2026-11-22T09:00:00Z", "2026-11-22T09:30:01Z"},
	} {
		p, err := events.Decode(e.Type, fmt.Appendf(nil, `{"happened":"%s","recorded":"%s","channel":"system","age":"adult"}`, c[1], c[2]))
		must(t, err)
		file.Vectors = append(file.Vectors, vector{
			Name: c[0], Sentence: sentenceTime, Input: map[string]any{"happened": c[1], "recorded": c[2], "time": e.Time.String()}, Refused: refusedBy(t, events.CheckTimes(e, p)),
		})
	}
	publish(t, "times.json", file)
}

func TestSequenceVectors(t *testing.T) {
	file := vectorFile{About: "The form of a sequence. What the ledger does with numbers out of order is in sentences 18 to 20 of the contract."}
	for _, text := range []string{"00000000000000000001", "00000000000000000042", "18446744073709551615", "00000000000000000000", "1", "000000000000000000001", "18446744073709551616", "0000000000000000000a", "+0000000000000000001"} {
		n, err := events.ParseSequence(text)
		v := vector{Name: text, Sentence: sentenceSequence, Input: map[string]any{"sequence": text}, Refused: refusedBy(t, err)}
		if err == nil {
			v.Output = map[string]any{"number": fmt.Sprint(uint64(n))}
		}
		file.Vectors = append(file.Vectors, v)
	}
	publish(t, "sequence.json", file)
}
