// Package signin lets the people of an agency in: through their organisation's OpenID provider, by passkey, or by PIN at
// a computer that several people share; it locks what was left open and asks again before anything sealed.
//
// Only the provider says who works here and as what. It is asked by the authorization code flow with PKCE, state and
// nonce; its token must be for this site and name this agency, a staff code and a role ([Config] says under which names;
// the agency's own list of roles counts for people to whom it gives none). A passkey or a PIN signs in by the provider's
// last word, for at most [Config.Trust], or [Config.TrustAway] while the provider does not answer. A session is a random
// token in a __Host- cookie and a record in memory: a restart signs everybody out. It locks after [Config.Idle] without a
// visit and ends after [Config.Life]. Its token changes whenever its person proves who they are. A provider that still
// knows somebody who left this site, or let it lock, must ask them anew. A form that a lock stopped is kept in memory, for
// that session and its person alone, for a quarter of an hour.
//
// # What an attacker can do
//
// Who controls the provider is anybody of the agency's staff, with any role, until its people see strange codes in the
// log of sign-ins; they cannot be a member of another agency, whose site trusts another provider or checks its own name
// in the claim. Every opening of a sealed section is still an entry of the hub's log.
//
// Who has a session's cookie is that person, on whatever computer, until the session locks, ends, or its person proves
// again who they are, which changes the token. They see what that person may see, but nothing sealed later than
// [access.Fresh] after the last proof, and can add no passkey and set no PIN without a proof by more than a PIN. The
// person, or the duty lead, ends the session from the settings.
//
// Who sits down at the computer while it is unlocked sees what its person sees, for as long as they go on; at a shared
// one nothing sealed without a proof. Who controls the computer, with malicious software, has everything that is typed
// and shown there, and the PINs too: a PIN is worth something only at computers where somebody signed in by more, and
// in the person's own session; a passkey never leaves its device.
//
// Who can read the journal has the hashes of the PINs, and six digits fall in hours; who can write it has a passkey for
// anybody. The same file holds the agency's drafts and history: it stands and falls with the machine.
package signin
