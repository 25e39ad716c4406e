package alert

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// codeSigns are letters and digits that are not mistaken for each other on the
// telephone and make no words.
const codeSigns = "23456789BCDFGHJKMNPQRSTVWXZ"

var codeSyntax = regexp.MustCompile(`^[` + codeSigns + `]{4}$`)

// CodeOf reads the code of an alert as people write it.
func CodeOf(text string) (string, bool) {
	code := strings.ToUpper(text)
	return code, codeSyntax.MatchString(code)
}

// freshCode draws a code that no kept alert has. It tells nothing of the cause.
func freshCode(ctx context.Context, tx *sql.Tx) (string, error) {
	for {
		code := make([]byte, 4)
		for i := range code {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeSigns))))
			if err != nil {
				return "", fmt.Errorf("drawing a code: %w", err)
			}
			code[i] = codeSigns[n.Int64()]
		}
		var taken bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM alerts WHERE id = ?)`, string(code)).Scan(&taken); err != nil {
			return "", fmt.Errorf("looking for a free code: %w", err)
		}
		if !taken {
			return string(code), nil
		}
	}
}

// messageID names a message for its receiver. It is random.
func messageID() string { return "msg_" + rand.Text() }
