// Package tlog is what anyone needs to verify the ledger: entry bytes, leaves,
// the RFC 6962 tree and its tiles, inclusion and consistency proofs, checkpoints
// and their cosignatures, receipts and deliveries.
// It is pure: it reads no clock, no file and no global randomness.
//
// One submitted event becomes one [Entry], whose bytes say what was judged,
// when and how. The log holds only a leaf of it, an HMAC under a salt, so the
// log says nothing about a case, and an erased entry leaves its proof behind.
// Salt and entry bytes together are the [Opening]: whoever has it can recompute
// the leaf. A [Checkpoint] is the log's signed size and root; a [Delivery]
// carries an opening, the inclusion proof and the checkpoint to one recipient,
// under a number that the hub signs, so that a gap shows. [Verifier] checks all
// of it against the log key and the hub key that the agency pinned.
//
// Whoever holds the log key can sign a second history. A [Witness] cosigns only
// what goes on from what it cosigned last, so nobody gets two histories cosigned
// by one witness; [Cosignatures] says who stands behind a checkpoint. A [Proof]
// takes an entry away for later, and [Tiles] reads the log without believing who
// serves it. The forms are C2SP's, see contracts/decisions/0010.
//
// Whoever holds the hub key can number deliveries wrongly, but cannot invent an
// entry or an event. Whoever holds the openings can read the attributes of
// events, never the data of a sealed record.
package tlog
