package alert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
)

// refresh reads the rota if the file changed. One that is wrong changes nothing:
// the last good one stays in force, with an alarm. Ringer.mu is held.
func (r *Ringer) refresh(ctx context.Context) *Rota {
	text, err := readPrivate(r.config.Dir, RotaFile, rotaBytes)
	digest := sha256.Sum256(text)
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.rota, r.wrong, r.read = nil, nil, [sha256.Size]byte{}
	case err != nil:
		r.wrong, r.read = fmt.Errorf("reading %s: %w", RotaFile, err), [sha256.Size]byte{}
	case digest != r.read:
		r.read = digest
		rota, err := ParseRota(text)
		if r.wrong = err; err == nil {
			r.rota = rota
		}
	}
	wrong := map[string]string{}
	if r.wrong != nil {
		wrong[RotaFile] = "The rota cannot be used. The last good one stays in force; if there was none, nobody is alerted: " + r.wrong.Error()
	}
	r.signal(ctx, "rota-wrong", wrong)
	r.signal(ctx, "rota-file", r.rota.unreadable(r.config.Dir))
	return r.rota
}
