package people

import (
	"crypto/rand"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"handrail/services/web"
)

//go:embed templates/*.html
var pages embed.FS

func templates() []fs.FS { return []fs.FS{pages} }

// Paths of the provider.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/keys"
	authorizePath = "/authorize"
	tokenPath     = "/token"
)

func (p *Provider) routes(site *web.Site) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+discoveryPath, p.discovery)
	mux.HandleFunc("GET "+keysPath, p.keys)
	mux.HandleFunc("POST "+tokenPath, p.token)
	site.Open("GET "+authorizePath, p.authorize)
	mux.Handle("/", site.Handler())
	return mux
}

// pickData is what the page "who are you?" shows.
type pickData struct {
	Site   string
	People []choice // of the site's agency
	Others []choice
	Again  bool
}

type choice struct {
	Person
	Path string
}

// authorize shows the people to choose from, or sends the chosen one back with a
// code. A site that gives a hint chooses by it, unless it wants the person asked.
func (p *Provider) authorize(v *web.Visit) (web.Answer, error) {
	query := v.URL.Query()
	p.mu.Lock()
	client, known := p.clients[query.Get("client_id")]
	p.mu.Unlock()
	if !known || query.Get("redirect_uri") != client.Redirect {
		// Nobody is sent to an address that is not registered, not even with an error.
		title, err := v.Say("people.unknown.title")
		return web.Show{Template: "people-unknown", Title: title, Status: http.StatusBadRequest}, err
	}
	if query.Get("response_type") != "code" || query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43 ||
		!slices.Contains(strings.Fields(query.Get("scope")), "openid") {
		return p.back(client, url.Values{"error": {"invalid_request"}, "state": {query.Get("state")}}), nil
	}
	chosen := query.Get("person")
	if chosen == "" && query.Get("prompt") != "login" {
		chosen = string(client.Agency) + "/" + query.Get("login_hint")
	}
	for _, person := range p.people {
		if string(person.Agency)+"/"+person.Code == chosen {
			code := p.grant(grant{
				person: person, client: client.ID, redirect: client.Redirect, nonce: query.Get("nonce"),
				challenge: query.Get("code_challenge"), proved: p.now(),
			})
			return p.back(client, url.Values{"code": {code}, "state": {query.Get("state")}}), nil
		}
	}
	return p.pick(v, client, query)
}

func (p *Provider) pick(v *web.Visit, client Client, query url.Values) (web.Answer, error) {
	data := pickData{Site: string(client.Agency), Again: query.Get("prompt") == "login"}
	for _, person := range p.people {
		query.Set("person", string(person.Agency)+"/"+person.Code)
		c := choice{person, authorizePath + "?" + query.Encode()}
		if person.Agency == client.Agency {
			data.People = append(data.People, c)
		} else {
			data.Others = append(data.Others, c)
		}
	}
	title, err := v.Say("people.title")
	return web.Show{Template: "people-pick", Title: title, Data: data}, err
}

func (p *Provider) back(client Client, answer url.Values) web.Answer {
	answer.Set("iss", p.issuer)
	u, err := url.Parse(client.Redirect)
	if err != nil {
		return web.Go("/") // cannot be: it was parsed when it was registered
	}
	u.RawQuery = answer.Encode()
	return web.Away(u.String())
}

// grant is what a code stands for, for a minute and once.
type grant struct {
	person                             Person
	client, redirect, nonce, challenge string
	proved                             time.Time
}

const codeLife = time.Minute

func (p *Provider) grant(g grant) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for code, other := range p.codes {
		if p.now().Sub(other.proved) > codeLife {
			delete(p.codes, code)
		}
	}
	code := rand.Text()
	p.codes[code] = g
	return code
}

// redeem takes a code back: whoever asks a second time gets nothing.
func (p *Provider) redeem(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[code]
	delete(p.codes, code)
	return g, ok && p.now().Sub(g.proved) <= codeLife
}
