// Package webhook posts JSON to a server that the agency itself named, signed by Standard Webhooks 1.0.
//
// Ordering. A [Feed] posts one message at a time and goes on to the next only when the server took it with a status of
// 200 to 299 and that is durable, so that messages come in their order, each at least once, under an id that stays.
//
// Failure. What is not taken is posted again, later and later, at most every five minutes, for ever; nothing is skipped.
//
// Trust. Only https is spoken, and http to this machine itself. No redirect is followed, no proxy is asked, and nothing of
// an answer is read but its status. Errors hold neither the URL nor what the other side said. An attacker who holds the
// secret can post to the agency's system what it takes for the agency's service.
package webhook
