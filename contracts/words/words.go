// Package words puts a digest into eight English words that two people can read
// to each other on the telephone, and a secret into twelve that fit on a sheet.
//
// The words are those of BIP-39: 2048 words, no two of which begin with the same
// four letters. Eight of them are 88 bits of a SHA-256: who wants other keys to
// have given words tries 2^88 times. Somebody who makes both himself finds two
// that agree after 2^44, which gains him nothing: what is signed afterwards is
// always the whole digest.
package words

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tyler-smith/go-bip39"
)

const (
	spoken      = 8  // words for a digest
	bitsPerWord = 11 // 2048 words
	secretBytes = 16 // in twelve words, with BIP-39's checksum
)

// What eight words may commit to. The parts and their order belong to the domain.
const (
	// Request: the hub's origin, the listing's proof text (agency, kind and every
	// public key), and the public key of its user at the broker.
	Request = "request"
	// Pins: the hub's origin, the log's verifier key, the hub's signing key and the
	// digest of genesis.
	Pins = "pins"
)

// Of gives the words for parts in a domain: the first 88 bits of SHA-256 over
// "handrail words v1", the domain and each part with its length before it.
func Of(domain string, parts ...string) []string {
	var text bytes.Buffer
	text.WriteString("handrail words v1\n" + domain + "\n")
	for _, part := range parts {
		text.WriteString(strconv.Itoa(len(part)) + "\n" + part + "\n")
	}
	sum := sha256.Sum256(text.Bytes())
	number := new(big.Int).SetBytes(sum[:spoken*bitsPerWord/8])
	list, mask := bip39.GetWordList(), big.NewInt(int64(1)<<bitsPerWord-1)
	all := make([]string, spoken)
	for i := spoken - 1; i >= 0; i-- {
		all[i] = list[new(big.Int).And(number, mask).Int64()]
		number.Rsh(number, bitsPerWord)
	}
	return all
}

// Compare holds what somebody typed against the words. It forgives capitals,
// commas and hyphens between words, and nothing else. The error says which word
// is wrong, never what it should be: the words are to come from the other side.
func Compare(typed string, want []string) error {
	got := split(typed)
	for i, word := range got {
		if _, known := bip39.GetWordIndex(word); !known {
			return fmt.Errorf("word %d, %q, is not in the list of words: have it read again, or spelt", i+1, word)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("there are %d words, these are %d", len(want), len(got))
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the words are others: what came here is not what the other side made. Do not go on; ring them at a number that you knew before")
	}
	return nil
}

func split(typed string) []string {
	return strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r < 'a' || r > 'z' })
}

// Secret makes twelve words that hold 128 bits of random.
func Secret(random io.Reader) ([]string, error) {
	entropy := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, entropy); err != nil {
		return nil, fmt.Errorf("making words: %w", err)
	}
	text, err := bip39.NewMnemonic(entropy)
	if err != nil {
		return nil, fmt.Errorf("making words: %w", err)
	}
	return strings.Fields(text), nil
}

// ReadSecret reads the twelve words of a sheet as somebody typed them. A word
// misread is found by the checksum, fifteen times of sixteen.
func ReadSecret(typed string) ([]string, error) {
	got := split(typed)
	for i, word := range got {
		if _, known := bip39.GetWordIndex(word); !known {
			return nil, fmt.Errorf("word %d, %q, is on no sheet", i+1, word)
		}
	}
	if _, err := bip39.EntropyFromMnemonic(strings.Join(got, " ")); err != nil {
		return nil, fmt.Errorf("these %d words are no sheet's: it has twelve; read them again", len(got))
	}
	return got, nil
}
