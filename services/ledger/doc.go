// Package ledger is the hub's one writer: it admits what agencies submit,
// judges it by the memorandum, appends the verdict to the log and delivers it to
// those entitled. Nothing is delivered that is not in the ledger.
//
// # Order
//
// One ledger is active, the holder of a Postgres advisory lock; others stand by
// and take over when it ends. Submissions are judged in the order in which
// they arrived, each sender's in the sender's sequence. When more waits than one
// transaction takes, the senders take turns, so that a flood waits behind itself; nor
// does it keep what the operator or an auditor asks waiting. The ledger's entry number
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
// Who joins, is suspended, resumed or revoked the operator has the hub say, over HTTP
// with the hub's own key; new keys an agency says itself, signed with the key of
// before. Each is an entry, judged by contracts/directory at its place, and takes
// effect with it: key, standing, kinds and the recipient's sealing key are those of
// before the entry that is judged. Whoever joins first gets genesis and every such
// entry since. What cannot be believed because its key ended or its sender rests
// consumes no sequence; what an ended key had said before keeps its answer.
//
// A foreign mission first gets its own listing; then, ahead of the first entry of
// a case that it may see, those of the desk that opened the case and of whoever
// else speaks to it there: as each was listed first, and every change since under its
// own number. It gets no other listing and no agency's capacity.
//
// To an agency that is suspended or revoked nothing is sent, and what waits for it at
// the broker is destroyed. Its delivery numbers go on, so that it misses nothing if it
// comes back. When keys end for good (revoked, or listed anew because they were lost)
// the records on their way to them are erased in that very transaction, and those
// that wait right after it, by whichever ledger leads then; until that is done, and
// ever after, the memorandum releases none.
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
// # Witnesses
//
// After commits, at most once a second, every agency that witnesses is offered the
// newest checkpoint, all the same one, with the proof that it goes on from what that
// agency cosigned last. This is never on the way of a submission. What a witness
// shows that the log's own key signed and the database cannot explain stops this
// ledger and every later one: see [ErrRolledBack] and [ErrForked].
//
// # Start
//
// Before a ledger signs anything it looks whether the database is where it was and
// holds what was signed: the newest checkpoint, contiguous entries, the tree's
// right edge, the last entries with their openings and data, what each witness
// cosigned last. Damage is final: see [ErrDamaged].
//
// A ledger that hangs loses its database session, and with it the right to
// sequence. When it goes on, what it still signs is refused by the database, what
// its couriers still send are deliveries that the log holds, and what it still
// offers bears an older time than what was offered since.
//
// # Over HTTP
//
// Everybody gets the log as C2SP tlog-tiles, opaque leaves alone, as of the last full
// hour (UTC): its newest checkpoint from before then that counts as witnessed, else
// its newest, so that the log's growth tells nothing of a night. Whoever the directory
// lists, and is not away, gets it up to the newest entry, with requests that its key
// signs; a foreign mission as everybody does. Off loopback all of it is TLS. An agency gets the proof of each entry that it was
// delivered. contracts/ledger.openapi.yaml describes every request.
//
// # Reading
//
// Auditors read trails, with requests that their directory key signs. What is of a
// case is shown only under a reading that stands in the log: POST /v1/readings has the
// sequencer append a trail.read and answers its number, which each later request names
// for twelve hours. A standby records none. Where the profile asks for it, a second
// auditor approves. Reading has connections and a pace of its own, and nothing that is
// answered holds a snapshot for longer than a minute, however slowly it is read.
//
// # Retention
//
// A case that nobody spoke in for the profile's retention is retired: the hub says
// retention.ended, and refuses what is said in it from then on. [Retain], under a role
// of its own, destroys the openings, payloads and derived rows of retired cases, and
// rewrites the tables, for the sake of erased records too. No role can delete an
// opening or payload that no entry gives up. What remains elsewhere, as facts in
// pseudonymous codes and as ciphertext to agencies' keys: the database's write-ahead
// log until its segments are recycled, backups and standbys that lag, the file
// system's freed blocks, blocks of the broker's outgoing stream until they are empty,
// and what agencies hold in their own journals. Ids and digests of submissions,
// delivery numbers, leaves and checkpoints stay, and so do readings.
//
// # Trust
//
// Whoever holds the ledger role can append to the log, and cannot change it (see
// schema). Whoever holds the log key can sign another history: witnesses outside
// notice. Whoever holds the hub key can number deliveries, release records that
// are sealed to somebody else's key, and suspend and revoke agencies; to list one or
// to give one other keys it needs two agencies of different kinds. None of them can
// speak as an agency or read a sealed record.
package ledger
