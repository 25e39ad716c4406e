// Package mou is the memorandum of understanding as pure code: who may say
// what about a person's case, what must be true before it, within what time,
// and who may see it.
//
// A [Case] is the set of admitted statements that its viewer may see, in the
// order of the ledger; everything else is derived from them. The ledger's case
// has no viewer and holds everything. An agency's case holds what the ledger
// delivered to it, and folding those deliveries in any order gives the same
// bytes as [Case.View] gives the ledger. Nothing here reads a clock, a file
// (but the embedded profiles) or the network; no method changes its receiver.
//
// Some of it only the hub says: what becomes of held records, who is not needed,
// what was missed, whom it turns to next. [Case.Due] lists that; [Clock.Look] says
// when to ask again if nobody speaks. [Case.Elsewhere] lists what it says in other
// cases.
//
// The terms are rows, see [Memorandum.Term]; powers, durations and the
// agreement table are data, see [Profile]. README.md shows both, generated.
package mou
