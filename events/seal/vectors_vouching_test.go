package seal_test

import (
	"maps"
	"slices"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

const (
	sentenceListing  = "A listing is proved by its own signing key: `proof` is base64 of the Ed25519 signature over the lines `handrail listing v1`, origin, agency, kind, signing key, sealing key and witness key (empty if there is none), each with its line feed."
	sentenceVouching = "`signature` is base64 of the Ed25519 signature, with the key that the agency has now, over the lines `handrail vouching v1`, origin, the lower-case hexadecimal SHA-256 of the text that the listing's `proof` signs, and the id of the agency that vouches, each with its line feed (`vouching`)."
)

func TestVouchingVectors(t *testing.T) {
	l := seal.NewListing("lighthouse-shelter", events.Shelter, signingKey(t, "shelter"), sealingKey(t, "shelter"), witness, origin)
	police := signingKey(t, "police")
	v := seal.NewVouching("sampletown-police", police, l, origin)
	must(t, seal.CheckVouching(v, l, origin, police.Public()))
	file := vectorFile{
		About: "One agency's word that a listing is the keys of who it says it is: digest is what people compare, text is what the agency signs. Copies of it that are refused are judged with given.key, for given.listing and given.origin, unless they name others.",
		Given: map[string]any{"origin": origin, "listing": l, "key": signingGiven(t, police)},
		Vectors: []vector{{
			Name: "vouching", Sentence: sentenceVouching, Input: map[string]any{"agency": v.Agency},
			Output: map[string]any{"digest": seal.ListingDigest(l, origin), "text": string(events.VouchingText(origin, seal.ListingDigest(l, origin), v.Agency)), "vouching": v},
		}},
	}
	other := seal.NewListing("lighthouse-shelter", events.Shelter, signingKey(t, "shelter"), sealingKey(t, "police"), witness, origin)
	for name, c := range map[string]struct {
		change  func(*events.Vouching)
		listing events.Listing
		origin  string
		key     events.PublicKey
	}{
		"another agency's name": {func(v *events.Vouching) { v.Agency = "harbour-shelter" }, l, origin, police.Public()},
		"another key id":        {func(v *events.Vouching) { v.Key = signingKey(t, "shelter").ID() }, l, origin, police.Public()},
		"another key":           {func(*events.Vouching) {}, l, origin, signingKey(t, "shelter").Public()},
		"another listing":       {func(*events.Vouching) {}, other, origin, police.Public()},
		"another hub":           {func(*events.Vouching) {}, l, "handrail/elsewhere", police.Public()},
		"the listing's proof":   {func(v *events.Vouching) { v.Signature = l.Proof }, l, origin, police.Public()},
	} {
		changed := v
		c.change(&changed)
		file.Vectors = append(file.Vectors, vector{
			Name: name, Sentence: sentenceVouching, Input: map[string]any{"vouching": changed, "listing": c.listing, "origin": c.origin, "key": c.key},
			Refused: refusalOf(t, seal.CheckVouching(changed, c.listing, c.origin, c.key)),
		})
	}
	sortedByName(file.Vectors[1:])
	publish(t, "vouching.json", file)
}

// No word of an agency may serve for another, and none is accepted in another form.
func TestAVouchingIsForOneListingAtOneHub(t *testing.T) {
	l := seal.NewListing("lighthouse-shelter", events.Shelter, signingKey(t, "shelter"), sealingKey(t, "shelter"), witness, origin)
	police := signingKey(t, "police")
	v := seal.NewVouching("sampletown-police", police, l, origin)
	changes := map[string]func(*events.Listing){
		"agency": func(l *events.Listing) { l.Agency = "harbour-shelter" }, "kind": func(l *events.Listing) { l.Kind = events.Police },
		"signing": func(l *events.Listing) { l.Signing = police.Public() }, "sealing": func(l *events.Listing) { l.Sealing = sealingKey(t, "police").Public() },
		"witness": func(l *events.Listing) { l.Witness = "" },
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		changed := l
		changes[name](&changed)
		refused(t, seal.CheckVouching(v, changed, origin, police.Public()), events.RuleVouching)
	}
	for _, signature := range []string{"", "AAAA", v.Signature + "\n", v.Signature[:87] + "x", "=" + v.Signature} {
		changed := v
		changed.Signature = signature
		refused(t, seal.CheckVouching(changed, l, origin, police.Public()), events.RuleVouching)
	}
	refused(t, seal.CheckVouching(v, l, origin, "AAAA"), events.RuleVouching)
}
