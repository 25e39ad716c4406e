// Package events is the glossary: the words that every party to the referral
// mechanism uses, with one Go type per identifier, code list and payload, and
// nothing about transport, storage or judgement.
//
// An [Event] is one CloudEvents 1.0 event with Handrail's closed set of
// attributes. Its payload is either facts (JSON of one of the types here, see
// [Decode]) or a sealed record, which only its recipient can read.
//
// Everything that arrives from outside is decoded strictly: unknown, repeated
// or malformed members are refused with a [Violation] that names the place and
// the rule. The wire contract is contracts/decisions/0001-wire-contract.md.
package events
