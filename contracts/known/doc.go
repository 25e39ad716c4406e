// Package known tells who knows what about a person, since when and by whose
// leave, and who opened it, from the trail of the person's case.
//
// It is pure and trusts its caller: an auditor gives a trail that was verified,
// and gets the whole; an agency gives its own view of the case, and gets what it
// may know of it. What an agency wrote itself is not listed: it knew that.
package known
