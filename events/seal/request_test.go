package seal_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"handrail/events"
	"handrail/events/seal"
)

const target = "https://hub.example/v1/cases/x/trail?after=7"

func request(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	return r
}

func signedRequest(t testing.TB, body string) *http.Request {
	t.Helper()
	r := request(t, http.MethodGet, target, body)
	must(t, seal.SignRequest(r, signingKey(t, "audit"), "sampleland-audit", origin, []byte(body), signedAt))
	return r
}

// listed is a directory that lists one auditor.
func listed(t testing.TB) func(events.AgencyID, events.KeyID) (events.PublicKey, bool) {
	key := signingKey(t, "audit")
	return func(agency events.AgencyID, id events.KeyID) (events.PublicKey, bool) {
		return key.Public(), agency == "sampleland-audit" && id == key.ID()
	}
}

func TestASignedRequestIsAnswered(t *testing.T) {
	for _, body := range []string{"", `{"question":1}`} {
		r := signedRequest(t, body)
		for _, late := range []time.Duration{-time.Minute, 0, time.Minute} {
			agency, id, err := seal.VerifyRequest(r, []byte(body), origin, signedAt.Add(late), listed(t))
			must(t, err)
			if agency != "sampleland-audit" || len(id) < 20 {
				t.Errorf("got agency %q, id of %d characters", agency, len(id))
			}
		}
	}
	_, first, err := seal.VerifyRequest(signedRequest(t, ""), nil, origin, signedAt, listed(t))
	must(t, err)
	_, second, err := seal.VerifyRequest(signedRequest(t, ""), nil, origin, signedAt, listed(t))
	must(t, err)
	if first == second {
		t.Error("two requests have one id")
	}
}

func TestARequestSignatureIsJOSE(t *testing.T) {
	r := signedRequest(t, "")
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Handrail ")
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	must(t, err)
	raw, err := signingKey(t, "audit").Public().Bytes()
	must(t, err)
	payload, err := parsed.Verify(ed25519.PublicKey(raw))
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(payload, &claims))
	if claims["aud"] != origin || claims["htm"] != "GET" || claims["htu"] != "/v1/cases/x/trail?after=7" {
		t.Error("go-jose reads other claims")
	}

	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: exported(t, signingKey(t, "audit"))},
		new(jose.SignerOptions).WithType("handrail-request+jwt").WithHeader("kid", signingKey(t, "audit").ID()))
	must(t, err)
	made, err := signer.Sign(payload)
	must(t, err)
	compact, err := made.CompactSerialize()
	must(t, err)
	r.Header.Set("Authorization", "Handrail "+compact)
	_, _, err = seal.VerifyRequest(r, nil, origin, signedAt, listed(t))
	must(t, err)
}

func TestASignatureServesOneRequestOnly(t *testing.T) {
	authorization := signedRequest(t, "body").Header.Get("Authorization")
	for name, other := range map[string]struct {
		method, url, body, origin string
		now                       time.Time
		rule                      events.Rule
	}{
		"method":    {http.MethodPost, target, "body", origin, signedAt, events.RuleSignatureInvalid},
		"path":      {http.MethodGet, "https://hub.example/v1/cases/y/trail?after=7", "body", origin, signedAt, events.RuleSignatureInvalid},
		"query":     {http.MethodGet, "https://hub.example/v1/cases/x/trail?after=0", "body", origin, signedAt, events.RuleSignatureInvalid},
		"body":      {http.MethodGet, target, "other", origin, signedAt, events.RuleSignatureInvalid},
		"hub":       {http.MethodGet, target, "body", "handrail/elsewhere", signedAt, events.RuleSignatureInvalid},
		"too late":  {http.MethodGet, target, "body", origin, signedAt.Add(61 * time.Second), events.RuleTimeAhead},
		"too early": {http.MethodGet, target, "body", origin, signedAt.Add(-61 * time.Second), events.RuleTimeAhead},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, other.method, other.url, other.body)
			r.Header.Set("Authorization", authorization)
			_, _, err := seal.VerifyRequest(r, []byte(other.body), other.origin, other.now, listed(t))
			refused(t, err, other.rule)
		})
	}
	r := signedRequest(t, "")
	_, _, err := seal.VerifyRequest(r, nil, origin, signedAt, func(events.AgencyID, events.KeyID) (events.PublicKey, bool) { return "", false })
	refused(t, err, events.RuleKeyUnknown)
	_, _, err = seal.VerifyRequest(r, nil, origin, signedAt, func(events.AgencyID, events.KeyID) (events.PublicKey, bool) {
		return signingKey(t, "police").Public(), true // a directory in disorder
	})
	refused(t, err, events.RuleSignatureInvalid)
}

func TestAMalformedRequestSignatureIsRefused(t *testing.T) {
	authorization := signedRequest(t, "").Header.Get("Authorization")
	parts := strings.Split(strings.TrimPrefix(authorization, "Handrail "), ".")
	decode := func(part string) string {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		must(t, err)
		return string(raw)
	}
	resigned := func(header, claims string) string {
		text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		return "Handrail " + text + "." + base64.RawURLEncoding.EncodeToString(signingKey(t, "audit").SignBytes([]byte(text)))
	}
	header, claims := decode(parts[0]), decode(parts[1])
	swap := func(s, old, new string) string { return strings.Replace(s, old, new, 1) }
	for name, value := range map[string]string{
		"empty": "", "bearer": swap(authorization, "Handrail", "Bearer"), "two parts": "Handrail " + parts[0] + "." + parts[1],
		"trailing dot": authorization + ".", "padded": authorization + "=", "line end": authorization + "\n", "long": authorization + strings.Repeat("A", 4096),
		"alg none": resigned(swap(header, "EdDSA", "none"), claims), "alg HS256": resigned(swap(header, "EdDSA", "HS256"), claims),
		"other typ": resigned(swap(header, "handrail-request+jwt", "JWT"), claims), "extra header": resigned(swap(header, "{", `{"jwk":{},`), claims),
		"alg twice": resigned(swap(header, "{", `{"alg":"EdDSA",`), claims), "extra claim": resigned(header, swap(claims, "{", `{"sub":"x",`)),
		"no id": resigned(header, swap(claims, `"jti":"`, `"jti":"","x":"`)), "issuer": resigned(header, swap(claims, "sampleland-audit", "Ana B.")),
		"fraction": resigned(header, swap(claims, `,"jti"`, `.5,"jti"`)), "null": resigned("null", "null"),
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, http.MethodGet, target, "")
			r.Header.Set("Authorization", value)
			_, _, err := seal.VerifyRequest(r, nil, origin, signedAt, listed(t))
			refused(t, err, events.RuleDataMalformed)
		})
	}
	r := signedRequest(t, "")
	r.Header.Add("Authorization", authorization)
	_, _, err := seal.VerifyRequest(r, nil, origin, signedAt, listed(t))
	refused(t, err, events.RuleDataMalformed)
	for i := range parts[2] {
		tampered := []byte(parts[2])
		tampered[i] = map[bool]byte{true: 'A', false: 'Q'}[tampered[i] != 'A']
		r.Header.Set("Authorization", "Handrail "+parts[0]+"."+parts[1]+"."+string(tampered))
		if _, _, err := seal.VerifyRequest(r, nil, origin, signedAt, listed(t)); err == nil {
			t.Fatal("a tampered signature was accepted")
		}
	}
}
