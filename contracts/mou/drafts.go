package mou

import "time"

// DraftLife is how long an agency holds back what it collected and has not
// sealed, before it deletes it (domain rule 10).
func (p *Profile) DraftLife() time.Duration { return p.duration(forDrafts) }

// DraftWarning is the age from which its people are warned that what is held
// back will be deleted (domain rule 10).
func (p *Profile) DraftWarning() time.Duration { return p.duration(forDraftsWarned) }
