// Package uknrm reads the payload of the UK Home Office's public referral form
// (first responders; repository UKHomeOffice/modern-slavery, MIT), as a police
// system posts it.
//
// Type 560734 is a referral that the person agreed to, 662265 a duty to notify,
// which must stay anonymous. The form asks neither whether the person was told
// of their rights nor whether a shelter may know of them, so neither is taken
// from it: these come back as tasks. Its fields become sections that the agency
// holds back until they are sealed; nationality and forms of exploitation are
// no facts, because no rule, clock or route reads them. In a duty to notify
// the form still copies birthplace, family, education, work and free text: all
// of that is dropped here, and the sender is told.
package uknrm
