// Package ledger is the hub's one writer: it admits what agencies submit,
// judges it by the memorandum, appends the verdict to the log and delivers it to
// those entitled. Nothing is delivered that is not in the ledger.
//
// # Order
//
// One ledger is active, the holder of a Postgres advisory lock; others stand by
// and take over when it ends. Submissions are judged in the order in which
// they arrived, each sender's in the sender's sequence. The ledger's entry number
// is everyone's order; admission time never decreases. One Postgres transaction
// holds everything that a batch changes: entries, openings, payloads, tree nodes,
// case states, chain heads, deadlines, numbered deliveries and the checkpoint that
// signs them. After its commit, couriers send; after its commit, the
// submission is acknowledged to the broker.
//
// What the hub itself must say because of an event stands in the same transaction,
// in the event's case and in cases linked from it. What it must say because time
// passed it says when a clock of a case asks for a look; each is said once,
// whatever restarts or takes over.
//
// # Directory
//
// Genesis lists every agency but foreign missions, and goes to all that it lists.
// A foreign mission first gets its own listing; then, ahead of the first entry of
// a case that it may see, those of the desk that opened the case and of whoever
// else speaks to it there. It gets no other listing and no agency's capacity.
//
// # Failure
//
// Memory is a copy of the database. After any failed or unknown commit it is
// thrown away and loaded anew, and the batch is judged again: what had been
// committed is then found by its digest and gets its first answer, so nothing is
// doubled and nothing is signed twice. An event whose judging panics, or whose
// rows the database refuses, is refused as hub-fault alone, and has used its
// number. A hub-fault from before the signature was checked is answered and not
// remembered: the same submission is judged when the hub is mended. A case whose
// clocks cannot be looked at is put off and holds up no other.
//
// # Trust
//
// Whoever holds the ledger role can append to the log, and cannot change it (see
// schema). Whoever holds the log key can sign another history: witnesses outside
// notice. Whoever holds the hub key can number deliveries, and release records that
// are sealed to somebody else's key. None of them can speak as an agency
// or read a sealed record.
package ledger
