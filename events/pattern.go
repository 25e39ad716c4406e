package events

// Pattern is the form that the schemas publish.
func (AgencyID) Pattern() string { return nameSyntax.String() }

// Pattern is the form that the schemas publish.
func (HubID) Pattern() string { return nameSyntax.String() }

// Pattern is the form that the schemas publish.
func (EventID) Pattern() string { return uuidSyntax.String() }

// Pattern is the form that the schemas publish.
func (CaseID) Pattern() string { return uuidSyntax.String() }

// Pattern is the form that the schemas publish.
func (KeyID) Pattern() string { return hexSyntax.String() }

// Pattern is the form that the schemas publish; it lets through a day that its
// month does not have, which Decode refuses.
func (Time) Pattern() string {
	return `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$`
}

// Pattern is the form that the schemas publish: canonical base64 of 32 or 65 bytes.
func (PublicKey) Pattern() string {
	return `^([A-Za-z0-9+/]{42}|[A-Za-z0-9+/]{86})[AEIMQUYcgkosw048]=$`
}
