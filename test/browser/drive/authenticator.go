package drive

import "github.com/chromedp/cdproto/webauthn"

// Authenticator puts a security device into this tab: passkeys are made and asked
// for without anybody touching it, and the device says that it verified its user.
func (p *Page) Authenticator() {
	p.t.Helper()
	if err := do(p, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		p.fatal("%v", err)
	}
	err := do(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
	}})
	if err != nil {
		p.fatal("%v", err)
	}
}
