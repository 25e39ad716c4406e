package audit

import (
	"sync"

	"handrail/contracts/mou"
)

// profiles remembers the profiles that were read: reading one takes longer than
// verifying a trail by it. It is safe for concurrent use.
type profiles struct {
	mu    sync.Mutex
	texts map[string][]mou.ProfileText // by reference, of those that this program has
	read  map[string]*mou.Profile      // by digest
}

func newProfiles() *profiles {
	return &profiles{texts: map[string][]mou.ProfileText{}, read: map[string]*mou.Profile{}}
}

// embedded gives the texts of a profile that this program has.
func (p *profiles) embedded(ref string) ([]mou.ProfileText, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if texts, known := p.texts[ref]; known {
		return texts, nil
	}
	texts, err := mou.ProfileTexts(ref)
	if err == nil {
		p.texts[ref] = texts
	}
	return texts, err
}

// parse reads a profile from its texts, which are trusted for nothing but their form.
func (p *profiles) parse(texts []mou.ProfileText) (*mou.Profile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	digest := mou.ProfileDigest(texts)
	if profile, known := p.read[digest]; known {
		return profile, nil
	}
	profile, err := mou.ParseProfile(texts)
	if err == nil {
		p.read[digest] = profile
	}
	return profile, err
}
