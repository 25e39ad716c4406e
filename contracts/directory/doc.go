// Package directory is who takes part in one hub, with which keys, and since
// which entry of the log: one pure fold of the directory's entries, which the
// ledger, every agency and every auditor keep alike.
//
// Genesis founds it ([Found]); each later entry about an agency gives the next
// [Directory] ([Directory.Apply]) or is refused with the rule that it breaks. A
// Directory is an immutable value: methods never change it, and it may be used by
// many goroutines. It checks the listings' own proofs, the vouchings, the order of
// the entries and that no key is listed twice; the signature of the entry's event
// is for the caller to verify ([Directory.Verify]).
//
// Whose key counts is a matter of ledger numbers, never of claimed time: an entry
// is judged under what stands before it, so that an event of last year verifies
// with the key of last year, and a key that was replaced or revoked speaks for
// nothing that comes after.
//
// A foreign mission knows only itself and who addressed it. Its view is founded by
// its own listing ([Found] again) and believes the hub where the whole directory
// would show the vouchings; whoever verifies the whole log sees a hub that lied.
//
// Whoever holds an agency's signing key can replace its keys until somebody has it
// suspended or revoked. Whoever holds the hub's key can suspend and revoke, but lists
// nobody and gives nobody other keys: that takes two agencies of different kinds.
package directory
