// Package agency is the runtime that every agency shares: one process and one SQLite file, no server to install. A desk
// (services/police, social, ngo, embassy, coordinator) adds that organisation's judgement.
//
// Ordering. What this agency says is numbered, signed and stored in one transaction, so a sequence number is never
// skipped and never used twice, whenever the process dies. The outbox hands events to the hub in that order and keeps
// each one until the ledger's own answer, a receipt or a refusal, was verified and stored. What arrives is stored only
// as the next number of one contiguous row; it is acknowledged to the broker after it is stored.
//
// Failure. The broker may lose everything: unanswered events are sent again, and the agency tells the hub the last
// number that it stored, so that the hub delivers the rest again. A copy that does not verify is set aside under its
// number: it is believed in nothing, lets go of nothing in the outbox, raises an alarm and is asked for again, while
// everything else goes on. That holds for numbers that the hub assigned, by its own signature; what bears no such number,
// what comes in place of genesis, and a gap hold up what is behind them, because the hub may still fill them. People read
// and write while the hub is away; the view they then work on is the folded journal plus their own unanswered events.
//
// Witness. Every agency but foreign missions cosigns the log, if it goes on from what it cosigned last, at most once a
// second. What it cosigned last is in the journal and in witness.backup before anybody gets the cosignature; of the two the
// higher counts. An agency that lost both, or whose state is older than what the hub knows, cosigns nothing until its people
// reset it, which the log shows to everybody, and which the next cosignature covers. The checkpoint of every delivery, and
// what the hub publishes, is compared with what was cosigned, by tiles of which each hash is verified. Two checkpoints that
// the log's key signed and that do not go together are kept as proof and ring the duty at once; that ends only by a reset.
// With the reset after a fork the agency turns back: what it was delivered of the history that the parties left is dropped,
// and what it said there is said again. The hub can keep this agency from finding a fork only by keeping everything newer from
// it, which shows as deliveries that stay unconnected. Copies of one folder that run on two machines are two witnesses with
// one key: the one that is behind finds its state lost.
//
// Night. A bed for tonight is one breath: case, notice, rights, consent, risk, request and every sealed record are stored
// together or not at all, also while the hub is away. POST /v1/tonight takes the sender's own new case id as its member
// case: sent again under that id after an unknown outcome, it asks nobody a second time and is refused as case-exists at
// /case. Without the member every sending asks anew. Number, name, question and answer are only ever sealed, and every
// read of one is logged before it is shown. Who is listed as late, waiting or no longer needed follows from the folded
// journal alone; nothing of it is kept twice.
//
// Forms. What a member of staff types before a form is sent is a draft in the journal, under the id of the case that sending
// it opens. It is kept as it was typed, belongs to its author, and ends in the transaction in which it is sent, when it is
// deleted, or when the profile's time for drafts is over, which saving it again does not prolong. A report is one breath, as a
// bed for tonight is; sent again under the same id it is refused as case-exists.
//
// Systems. The agency's own systems have an interface of their own (package systems), in the same process. A request of theirs
// under an idempotency key is done once: answer and effect are stored in one transaction, and only keyed digests of key and
// body are kept. How far the deliveries were posted to them is durable here.
//
// Directory. It is genesis, whose digest is pinned, and the entries about agencies after it (contracts/directory). Every
// stored event is verified with the key that was in force at its ledger number. An agency that genesis does not list waits for
// its own directory.joined. A foreign mission gets no genesis: its own listing takes the place, and it learns of one agency at
// a time, before that one addresses it. Records are sealed only to keys of genesis or keys whose entry lies under a checkpoint
// that this agency counts as witnessed; a foreign mission, which knows no witnesses, seals to what its listings prove.
//
// Keys. The agency makes its own keys and replaces them (package keyring): the sealing key monthly by itself, every key on
// demand. They are durable before directory.keyed is said; what is said behind it is signed with the new signing key and held
// back until the receipt; only the position is told with both meanwhile. Refused, the old keys go on and sign what waits. The
// process may die between any two steps. Replaced keys are kept 35 days by its own clock and by the log's, and what is still
// kept under an old sealing key is sealed anew, each record under a key of its own, to the one in force before the old one is
// overwritten. Lost without its key files an agency can read nothing that was sealed to it: package recovery keeps a copy.
//
// Reading. Whoever opens what was sealed to this agency names role, purpose and legal basis. The reading is in the read log
// and, as record.opened, in the outbox before anything is decrypted; if the journal cannot take it, nothing is shown. What was
// sealed by this agency to a key that ended is sealed anew by itself while it is still held back; else people are asked.
//
// Pages. The pages (package pages) use this API in the same process. A list of cases looks at each case once and keeps what it
// saw until the case goes on or a clock of it changes, so that ten thousand referrals are listed without folding one. Who of the
// staff works on which case is the agency's own matter: it stands in the journal, by codes, and decides who may open the case;
// the pages enforce it (services/web/access), the socket, which only the agency's own user reaches, does not.
//
// Erasure. What this agency confirms as erased is destroyed with the ledger's receipt for that, in one transaction: before
// it the ledger may still refuse. Deleted rows are overwritten, and the write-ahead log is emptied at once or, while
// somebody reads, every few seconds with an alarm until it is done. Copies that others made of the file are not reached.
//
// Trust. An attacker who controls the journal's file can read drafts and a hotline's notes of calls, and make this agency forget, but cannot alter what
// it shows: every stored event is verified again when it is read. What one who holds a key file can do is in package keyring;
// this agency's people are alarmed at the first change of its keys that was not theirs. The hub can delay and withhold, which
// shows as a gap, and can neither read sealed records nor speak for another agency.
package agency
