package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"handrail/events"
)

const (
	requestScheme = "Handrail "
	requestType   = "handrail-request+jwt"
	// requestWindow is how far a request's clock may be from the hub's.
	requestWindow = 60 * time.Second
	maxRequest    = 4 << 10
	maxOneTimeID  = 64
)

// requestClaims are those of a JWS that is bound to one HTTP request, in the shape
// of RFC 9449.
type requestClaims struct {
	Issuer   events.AgencyID `json:"iss"`
	Audience string          `json:"aud"` // the hub's origin
	Method   string          `json:"htm"`
	Target   string          `json:"htu"` // path and query
	IssuedAt int64           `json:"iat"` // Unix seconds
	ID       string          `json:"jti"`
	BodyHash string          `json:"ath"` // base64url of the body's SHA-256
}

// SignRequest sets r's Authorization header: a signature by the agency's key
// over method, path, query, body, hub and time. Body must be what is sent.
func SignRequest(r *http.Request, key SigningKey, agency events.AgencyID, origin string, body []byte, now time.Time) error {
	token, err := signToken(key, requestType, requestClaims{
		Issuer: agency, Audience: origin, Method: r.Method, Target: r.URL.RequestURI(),
		IssuedAt: now.Unix(), ID: rand.Text(), BodyHash: bodyHash(body),
	})
	if err != nil {
		return fmt.Errorf("encoding a request's signature: %w", err)
	}
	r.Header.Set("Authorization", requestScheme+token)
	return nil
}

// VerifyRequest says which agency signed r for the hub with that origin, and
// the request's one-time id. It accepts clocks within 60 seconds of now. The
// caller gives the keys in force (key-unknown when there is none) and refuses an
// id that the agency used in the last two minutes. Everything else that does
// not fit is signature-invalid, time-ahead or data-malformed.
func VerifyRequest(r *http.Request, body []byte, origin string, now time.Time, key func(events.AgencyID, events.KeyID) (events.PublicKey, bool)) (agency events.AgencyID, jti string, err error) {
	t, claims, err := parseRequest(r.Header.Values("Authorization"))
	if err != nil {
		return "", "", err
	}
	public, known := key(claims.Issuer, t.key)
	if !known {
		return "", "", events.Refuse(events.RuleKeyUnknown, "header Authorization", "the directory does not list this key for this agency")
	}
	if !t.signedBy(public) {
		return "", "", requestInvalid("the signature does not fit")
	}
	if away := now.Sub(time.Unix(claims.IssuedAt, 0)); away > requestWindow || away < -requestWindow {
		return "", "", events.Refuse(events.RuleTimeAhead, "header Authorization", "the request was signed more than 60 seconds from the hub's clock; set the clock")
	}
	if claims.Audience != origin || claims.Method != r.Method || claims.Target != r.URL.RequestURI() || claims.BodyHash != bodyHash(body) {
		return "", "", requestInvalid("the signature is for another hub, method, path, query or body")
	}
	return claims.Issuer, claims.ID, nil
}

// parseRequest takes the JWS apart and checks its form only.
func parseRequest(values []string) (token, requestClaims, error) {
	var claims requestClaims
	malformed := events.Refuse(events.RuleDataMalformed, "header Authorization", "send one header: Handrail, a space, and a compact JWS of the wire contract's form")
	if len(values) != 1 || len(values[0]) > maxRequest {
		return token{}, claims, malformed
	}
	text, ok := strings.CutPrefix(values[0], requestScheme)
	t, formed := parseToken(text, requestType, &claims)
	if !ok || !formed || claims.Issuer == "" || claims.ID == "" || len(claims.ID) > maxOneTimeID {
		return token{}, claims, malformed
	}
	return t, claims, nil
}

func requestInvalid(reason string) *events.Violation {
	return events.Refuse(events.RuleSignatureInvalid, "header Authorization", reason)
}

func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
