// Package conform says what a message of somebody else's system gets wrong, by the
// wire contract alone: every rule that it breaks, where, and what to do about it.
// It needs no hub and no key of ours. It is pure: it reads no clock, no file and,
// but for making examples of sealed records, no global randomness.
//
// What it judges: form and size of a message, every attribute, what attributes say
// of one another, facts by their published schema and beyond, the header of a
// sealed record, the signature under keys that are given, and what messages say of
// one another (sequence, ids, times of control messages). What only a hub can
// judge, the memorandum and the case, it leaves alone and says so.
//
// A finding names attributes, members and codes of the contract, never a value
// that was sent: a vendor's test data may be somebody's.
package conform
