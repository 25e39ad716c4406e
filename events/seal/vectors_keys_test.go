package seal_test

import (
	"cmp"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"handrail/events"
	"handrail/events/seal"
)

const (
	sentenceJWS = "A request to the hub carries `Authorization: Handrail <JWS>`: EdDSA, `typ` `handrail-request+jwt`, `kid`, and the claims `iss` (agency), `aud` (origin), `htm`, `htu`, `iat`, `jti`, `ath` (base64url SHA-256 of the body)."
)

func sortedByName(all []vector) []vector {
	slices.SortFunc(all, func(a, b vector) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func TestListingVectors(t *testing.T) {
	signing, sealing := signingKey(t, "shelter"), sealingKey(t, "shelter")
	scalar, err := exportedSealing(t, sealing).Bytes()
	must(t, err)
	l := seal.NewListing("lighthouse-shelter", events.Shelter, signing, sealing, witness, origin)
	must(t, seal.CheckListing(l, origin))
	file := vectorFile{
		About: "Key ids, and an agency's line in the directory: proof is base64 of the Ed25519 signature over proof_text, whose last line is the verifier key of its cosignatures (empty: it has none). A sealing key's id is the SHA-256 of its 65-byte point.",
		Given: map[string]any{"origin": origin, "signing": signingGiven(t, signing), "sealing": map[string]any{"scalar_hex": hex.EncodeToString(scalar), "public": sealing.Public(), "keyid": sealing.ID()}},
		Vectors: []vector{{
			Name: "listing", Sentence: sentenceListing,
			Input:  map[string]any{"agency": l.Agency, "kind": l.Kind, "signing": l.Signing, "sealing": l.Sealing, "witness": l.Witness},
			Output: map[string]any{"proof_text": string(l.ProofText(origin)), "proof": l.Proof},
		}},
	}
	for name, change := range map[string]func(*events.Listing){
		"another kind":                func(l *events.Listing) { l.Kind = events.Police },
		"another key":                 func(l *events.Listing) { l.Signing = signingKey(t, "police").Public() },
		"another witness key":         func(l *events.Listing) { l.Witness = strings.Replace(l.Witness, "Lb7f", "Lb7g", 1) },
		"no witness key":              func(l *events.Listing) { l.Witness = "" },
		"a signing key for a sealing": func(l *events.Listing) { l.Sealing = l.Signing },
	} {
		changed := l
		change(&changed)
		file.Vectors = append(file.Vectors, vector{
			Name: name, Sentence: sentenceListing, Input: map[string]any{"listing": changed}, Refused: refusalOf(t, seal.CheckListing(changed, origin)),
		})
	}
	sortedByName(file.Vectors[1:])
	publish(t, "listing.json", file)
}

func TestRequestVectors(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 28)
	key := signingKey(t, "audit")
	const body = `{"question":1}`
	r := request(t, http.MethodPost, "https://hub.example/v1/cases?after=7", body)
	must(t, seal.SignRequest(r, key, "sampleland-audit", origin, []byte(body), signedAt))
	authorization := r.Header.Get("Authorization")
	token := strings.TrimPrefix(authorization, "Handrail ")
	received := map[string]any{"method": http.MethodPost, "target": "/v1/cases?after=7", "body": body, "now": signedAt.Format(time.RFC3339), "authorization": authorization}
	agency, id, err := seal.VerifyRequest(r, []byte(body), origin, signedAt, listed(t))
	must(t, err)
	file := vectorFile{
		About: "A signed HTTP request to the hub with the origin given, and copies of it that are refused. Members of header and claims may stand in any order.",
		Given: map[string]any{"origin": origin, "agency": agency, "key": signingGiven(t, key)},
		Vectors: []vector{{
			Name: "request", Sentence: sentenceJWS, Input: received,
			Output: map[string]any{"header": string(decodePart(t, token, 0)), "claims": string(decodePart(t, token, 1)), "jti": id},
		}},
	}
	for _, c := range []struct {
		name, sentence string
		now            time.Time
		change         map[string]any
	}{
		{"another method", sentenceJWS, signedAt, map[string]any{"method": http.MethodPut}},
		{"another query", sentenceJWS, signedAt, map[string]any{"target": "/v1/cases?after=8"}},
		{"another body", sentenceJWS, signedAt, map[string]any{"body": ""}},
		{"another scheme", sentenceJWS, signedAt, map[string]any{"authorization": "Bearer " + token}},
		{"too old", sentenceRequest, signedAt.Add(61 * time.Second), nil},
	} {
		input := maps.Clone(received)
		maps.Copy(input, c.change)
		input["now"] = c.now.Format(time.RFC3339)
		again := request(t, input["method"].(string), "https://hub.example"+input["target"].(string), "")
		again.Header.Set("Authorization", input["authorization"].(string))
		_, _, err := seal.VerifyRequest(again, []byte(input["body"].(string)), origin, c.now, listed(t))
		file.Vectors = append(file.Vectors, vector{Name: c.name, Sentence: c.sentence, Input: input, Refused: refusalOf(t, err)})
	}
	publish(t, "request.json", file)
}
