package people

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"handrail/events"
	"handrail/services/web/access"
)

// tokenLife is how long an ID token is good for.
const tokenLife = 5 * time.Minute

// about is what an ID token says of a person besides the registered claims: the
// names are those that sites look for if nothing else is configured.
type about struct {
	Nonce    string          `json:"nonce,omitempty"`
	AuthTime int64           `json:"auth_time"`
	Code     string          `json:"handrail_code"`
	Agency   events.AgencyID `json:"handrail_agency"`
	Roles    []access.Role   `json:"handrail_roles"`
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.issuer + authorizePath, "token_endpoint": p.issuer + tokenPath, "jwks_uri": p.issuer + keysPath,
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "scopes_supported": []string{"openid"}, "prompt_values_supported": []string{"login"},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "none"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.public) }

// token exchanges a code for an ID token: for the site that it was given to, and
// only with the verifier of the challenge that the site began with.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	client, ok := p.client(r)
	if !ok {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	g, ok := p.redeem(r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case r.PostForm.Get("grant_type") != "authorization_code":
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	case !ok || g.client != client.ID || g.redirect != r.PostForm.Get("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	id, err := p.idToken(g)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	// The access token opens nothing: there is nothing here to open.
	answer(w, http.StatusOK, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": id})
}

func (p *Provider) client(r *http.Request) (Client, bool) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if name, password, ok := r.BasicAuth(); ok {
		id, secret = unescape(name), unescape(password)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, known := p.clients[id]
	return c, known && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1
}

// unescape undoes what RFC 6749, section 2.3.1, does to ids and secrets.
func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func (p *Provider) idToken(g grant) (string, error) {
	now := p.now()
	return jwt.Signed(p.signer).
		Claims(jwt.Claims{
			Issuer: p.issuer, Subject: string(g.person.Agency) + "/" + g.person.Code, Audience: jwt.Audience{g.client},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
		}).
		Claims(about{Nonce: g.nonce, AuthTime: g.proved.Unix(), Code: g.person.Code, Agency: g.person.Agency, Roles: g.person.Roles}).
		Serialize()
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // whoever hung up needs no answer
}
