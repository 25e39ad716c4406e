package local

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"handrail/events"
)

// PagesFile says where an agency's people are served pages, and who says who they
// are. Files are named as they stand in the folder, or by a whole path.
type PagesFile struct {
	Listen string `json:"listen"` // host:port; a loopback address, or with a certificate any. Empty: no pages are served
	Origin string `json:"origin"` // what browsers call it: https://pages.example

	Issuer     string `json:"issuer"`               // URL of the OpenID Connect provider
	Client     string `json:"client"`               // by which the provider knows these pages
	SecretFile string `json:"secret_file,omitzero"` // its secret, for the owner only; none: a public client, which PKCE protects
	RolesFile  string `json:"roles_file,omitzero"`  // the agency's own list of roles, for people to whom the provider gives none
	CertFile   string `json:"cert_file,omitzero"`   // TLS certificate with the chain behind it
	KeyFile    string `json:"key_file,omitzero"`    // its key

	// What the provider calls the members of its ID tokens that hold staff code, roles
	// and agency; a dot leads into an object. Empty: see signin.Config.
	CodeClaim   string   `json:"code_claim,omitzero"`
	RolesClaim  string   `json:"roles_claim,omitzero"`
	AgencyClaim string   `json:"agency_claim,omitzero"`
	Scopes      []string `json:"scopes,omitzero"` // asked for besides openid

	// For how many hours after the provider's last word about a person a passkey or PIN
	// signs them in, while it answers and while it does not. 0: see signin.Config.
	TrustHours     uint `json:"trust_hours,omitzero"`
	TrustAwayHours uint `json:"trust_away_hours,omitzero"`

	// RightsDrafts shows rights information that nobody has reviewed yet, marked so.
	// Only for a demonstration: a real person must not be told what may be wrong.
	RightsDrafts bool `json:"rights_drafts,omitzero"`

	QuickExit bool `json:"quick_exit,omitzero"` // a button and two presses of Escape leave the pages at once; hotlines have it always
}

// In gives the same with every file by its whole path.
func (p PagesFile) In(folder string) PagesFile {
	for _, file := range []*string{&p.SecretFile, &p.RolesFile, &p.CertFile, &p.KeyFile} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(folder, *file)
		}
	}
	return p
}

// ServePages gives an address for pages to the start page, the development identity
// provider, each agency of this hub that has a service and its auditor, unless they
// have one. Browsers call all of them localhost, because passkeys need a name.
func ServePages(ctx context.Context, l Layout) error {
	d, err := l.Directions()
	if err != nil {
		return err
	}
	for _, address := range []*string{&d.Start, &d.Issuer} {
		if *address != "" {
			continue
		}
		if *address, err = freeAddress(ctx); err != nil {
			return err
		}
	}
	for i := range d.Agencies {
		a := &d.Agencies[i]
		if a.Pages != "" || a.Intake == "" && a.Agency != d.Auditor {
			continue
		}
		if a.Pages, err = freeAddress(ctx); err != nil {
			return err
		}
		if err := l.servePages(*a, d.IssuerURL()); err != nil {
			return fmt.Errorf("giving the pages of %s an address: %w", a.Agency, err)
		}
	}
	return writeJSON(l.directions(), d)
}

func (l Layout) servePages(a Address, issuer string) error {
	file, err := ReadAgencyFile(l.Agency(a.Agency))
	if err != nil {
		return err
	}
	file.Pages = PagesFile{Listen: a.Pages, Origin: a.PagesURL(), Issuer: issuer, Client: string(a.Agency), RightsDrafts: true}
	return WriteAgencyFile(l.Agency(a.Agency), file)
}

// StartURL is the start page; empty if this hub serves no pages.
func (d Directions) StartURL() string { return localURL(d.Start) }

// IssuerURL is the development identity provider.
func (d Directions) IssuerURL() string { return localURL(d.Issuer) }

// PagesURL is where an agency's people are served; empty if nowhere.
func (a Address) PagesURL() string { return localURL(a.Pages) }

// PagesOf is where the people of an agency of this hub are served; empty if nowhere.
func (d Directions) PagesOf(id events.AgencyID) string {
	a, _ := d.Address(id)
	return a.PagesURL()
}

// localURL is how a browser on this machine calls an address of [freeAddress].
func localURL(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return "http://" + net.JoinHostPort("localhost", port)
}
