// Package hsds proposes a provider's published capacity from the directory
// record that it already keeps: a service in Open Referral's Human Services Data
// Specification, HSDS 3.0 or 3.1, as JSON (docs.openreferral.org, CC BY-SA 4.0;
// repository openreferral/specification).
//
// HSDS describes a service for everybody who looks for one; capacity tells other
// agencies, in codes, whom a provider can take. So only codes are taken: needs
// from taxonomy terms, languages, ages, weekly hours, access, the region, and
// beds as none, few or some. Names, free text, telephone numbers, mail
// addresses, addresses and positions are never kept; a result tells which
// members were dropped, by their names in HSDS and never by their content, and
// counts those that HSDS does not have.
//
// Nothing is invented. What HSDS did not establish comes back as a [Question],
// and [Proposal.Complete] refuses to make a capacity until somebody of the
// provider has answered those that are required. HSDS has no member for the
// sexes that a house takes or for children who come along: these are always asked.
package hsds
