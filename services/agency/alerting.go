package agency

import "handrail/services/agency/alert"

// Alerting is what alerts this agency's duty rota: who has duty, how they are reached,
// and what rings.
func (a *Agency) Alerting() *alert.Ringer { return a.ringer }
