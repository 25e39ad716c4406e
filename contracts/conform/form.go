package conform

// form says what an attribute looks like, for whoever has to mend it.
func form(attribute string) string {
	switch attribute {
	case "id", "correlationid", "causationid":
		return "a UUIDv7 in lower case"
	case "source":
		return "urn:handrail:<hub>:agency:<agency id>"
	case "specversion":
		return "1.0"
	case "type":
		return "org.handrail.<thing>.<verb>.v1"
	case "datacontenttype":
		return "application/json for facts, application/jose for sealed records, without parameters"
	case "dataschema":
		return "urn:handrail:schema:<thing>.<verb>.v1, of the type"
	case "subject":
		return "the case id on a case event, else the id of the agency that it is about"
	case "time":
		return "YYYY-MM-DDTHH:MM:SSZ, in UTC, without milliseconds"
	case "hub":
		return "handrail/<hub>"
	case "sequence":
		return "20 digits, from 1, counted by signing key"
	case "traceparent":
		return "00-<32 hexadecimal>-<16 hexadecimal>-<2 hexadecimal>, in lower case, no id all zero"
	case "plaincommit":
		return "64 hexadecimal in lower case: HMAC-SHA-256 of the section under its salt"
	case "dssematerial":
		return "standard base64, at most 1024 characters, of the signature's JSON"
	}
	return "as the wire contract says"
}
