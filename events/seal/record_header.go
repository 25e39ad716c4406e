package seal

import (
	"bytes"
	"encoding/base64"

	"handrail/events"
)

// RecordHeader reads the protected header from the beginning of a sealed record,
// which must hold it whole: the first 4 KiB do. Of the rest of the record it says
// nothing, see [ParseRecord]. What cannot be read is record-header.
func RecordHeader(beginning []byte) (events.RecordHeader, error) {
	raw, err := ProtectedHeader(beginning)
	if err != nil {
		return events.RecordHeader{}, err
	}
	return parseHeader(raw)
}

// ProtectedHeader is the JSON of the protected header as it stands in the record,
// unread: its form is not checked.
func ProtectedHeader(beginning []byte) ([]byte, error) {
	first, _, found := bytes.Cut(beginning, []byte{'.'})
	if !found || base64.RawURLEncoding.DecodedLen(len(first)) > maxHeader {
		return nil, recordHeader("a record begins with its protected header")
	}
	raw, err := strictBase64(base64.RawURLEncoding, string(first))
	if err != nil {
		return nil, recordHeader("the parts of a record are canonical base64url")
	}
	return raw, nil
}

// ParseProtectedHeader reads what [ProtectedHeader] gives.
func ParseProtectedHeader(raw []byte) (events.RecordHeader, error) {
	if len(raw) > maxHeader {
		return events.RecordHeader{}, recordHeader("a record begins with its protected header")
	}
	return parseHeader(raw)
}
