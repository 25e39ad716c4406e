package tlog

import (
	"encoding/base64"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

var errNoHash = errors.New("a hash is not 32 bytes in base64")

// How a delivery's hashes are written and read: as [Hash] does it by itself, without
// copying each five times. Every delivery has some twenty.
//
//nolint:gochecknoglobals // read-only
var (
	hashesWritten = json.WithMarshalers(json.MarshalToFunc(writeHash))
	hashesRead    = json.WithUnmarshalers(json.UnmarshalFromFunc(readHash))
)

func writeHash(to *jsontext.Encoder, h Hash) error {
	text := append(to.AvailableBuffer(), '"')
	return to.WriteValue(append(base64.StdEncoding.AppendEncode(text, h[:]), '"'))
}

func readHash(from *jsontext.Decoder, h *Hash) error {
	text, err := from.ReadValue()
	if err != nil {
		return err
	}
	if len(text) != len(`""`)+base64.StdEncoding.EncodedLen(len(h)) {
		return errNoHash
	}
	var raw [sumdb.HashSize + 1]byte // without padding the text would hold one byte more
	n, err := base64.StdEncoding.Decode(raw[:], text[1:len(text)-1])
	if err != nil || n != len(h) {
		return errNoHash
	}
	copy(h[:], raw[:])
	return nil
}
