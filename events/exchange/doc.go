// Package exchange carries events between the agencies and the hub over NATS:
// accounts, codec, submission, delivery, trace context. It is the only package
// that knows NATS.
//
// # Who may do what
//
// Each agency has a NATS account of its own ([Operator.Grant]). Its only ways
// out are four private services of the hub's account, each opened by an
// activation token made for that account: publish on in.<agency>; ask the one
// durable consumer of out.<agency> for messages and for its state (under the
// prefix hub.api); acknowledge what that consumer delivered. It cannot create
// consumers, read or delete messages, or see another's subject. So the subject
// of a [Submission] proves which account sent it.
//
// An attacker who controls an agency's credentials can submit in that agency's
// name (unsigned, so nothing is admitted), fill that agency's quota and take its
// pending deliveries (the hub sends them again). One who controls the hub's
// credentials can do so for every agency. One who holds the operator's seeds can
// mint any account. None of them can sign an event or open a sealed record.
//
// An agency's user key is made at the agency ([UserKey]); the operator knows its
// public half. [Operator.Push] tells a running broker of a new, a suspended or a
// revoked account: connections of a closed one end at once, and a broker that
// starts again remembers. Off this machine only TLS with checked certificates is
// spoken ([Transport], [CheckURL]).
//
// # Order
//
// [Site.Submit] keeps the order of its callers: what returned before another
// call began stands before it in the stream. [Hub.Receive] gives the submissions
// of all agencies in stream order, hence each agency's in its own order. After
// any interruption (reconnect, a gap, an acknowledgement that took too long,
// another Receive) it starts again at the oldest submission not acknowledged, so
// the same submission may come again, but never a later one before an earlier
// one of which the hub has not been told. [Hub.Send] and [Hub.SendAll] keep the
// order of their calls per agency. [Site.Receive] hands deliveries over one at a
// time, in that order the first time; what was not acknowledged comes again
// later, after newer ones. The delivery number decides, not the arrival.
//
// # Failure
//
// Everything is at least once, and the broker is disposable: what it acknowledged
// may still be lost with its disk. So an agency keeps an event until the ledger's
// receipt, and the hub sends again whatever lies beyond the position that the
// agency says it stored. After a restart of the broker, with or without its disk,
// [Hub] makes the streams and durables again, Hub.Receive and Site.Receive resume
// by themselves, and Reconnected on either side says that it is time to compare
// positions. No Nats-Msg-Id is ever set, so the broker never judges that two
// submissions are the same: that is the ledger's to say.
//
// A full quota reaches only the agency that filled it ([ErrQuota]): wait and
// submit again.
package exchange
