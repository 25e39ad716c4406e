// Package seal says who said an event and who may read a record: signatures,
// sealed records, request signatures, directory listings, the word of those who
// vouch for them, and the keys for all that.
//
// An attacker who holds a [SigningKey] can speak as its agency until another
// key follows it in the directory, but reads no record. One who holds a
// [SealingKey] can read what was sealed to that agency under that key, but says
// nothing in its name. Neither key ever leaves the agency.
//
// Everything that is signed with a SigningKey begins in its own way ("DSSEv1 ",
// "handrail listing v1\n", "handrail vouching v1\n", base64url of a JWS header, a signed note's text), so
// that a signature made for one purpose never serves another.
//
// Refusals are [events.Violation] values and never repeat what was sent.
package seal
