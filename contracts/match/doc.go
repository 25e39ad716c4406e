// Package match ranks who can take the person now, from what providers
// published about themselves.
//
// It suggests an order and decides nothing: people choose whom to ask, and a
// provider answers for itself. Nothing here reads a clock, a file or the
// network. A result holds codes and agency ids: no address, no number of places
// or children.
//
// An offer fits when no [Reason] against it is one that [Reason.Bars]: these
// are the conditions, and there are no others. Whatever else speaks against a
// provider only moves it down.
package match
