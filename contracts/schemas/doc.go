// Package schemas publishes the JSON Schema (2020-12) of every event type's
// data and generates it from the Go payload types, so the two cannot differ.
//
// Files are named by the type without its prefix, like case.opened.v1.json;
// their $id is the dataschema that events carry. Objects are closed, code lists
// are enums, and x-read-by names the rule, clock or route for whose sake a
// member exists. A schema accepts exactly what events.Decode accepts, but for
// what JSON Schema cannot say: that a member name stands once, that numbers are
// plain digits, the size of the whole, that a month has the day (unless the
// validator asserts formats), and what one member says of another, which each
// schema's $comment gives in words.
package schemas
