package local

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// Serve gives an address to each agency that a founding serves and that the
// directory of this hub lists without one: a directory that was founded for one
// story can tell another. Agencies that it does not list stay out.
func Serve(ctx context.Context, l Layout, f Founding) error {
	d, err := l.Directions()
	if err != nil {
		return err
	}
	changed := false
	for i := range d.Agencies {
		a := &d.Agencies[i]
		wanted := slices.ContainsFunc(f.Members, func(m Member) bool { return m.Served && m.Agency == a.Agency })
		if a.Intake != "" || !wanted {
			continue
		}
		if a.Intake, err = freeAddress(ctx); err != nil {
			return err
		}
		file, err := ReadAgencyFile(l.Agency(a.Agency))
		if err != nil {
			return fmt.Errorf("giving %s an address: %w", a.Agency, err)
		}
		file.Listen, changed = a.Intake, true
		if err := writeJSON(filepath.Join(l.Agency(a.Agency), AgencyFileName), file); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return writeJSON(l.directions(), d)
}
