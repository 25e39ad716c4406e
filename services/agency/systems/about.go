package systems

// What the published description says beyond names and types. A vendor should
// need nothing else.
const (
	aboutSystems = `
Handrail hands a person who may have been trafficked from one agency to the next. Each agency runs a service of its own;
this is what that service offers to the agency's own computer systems. It keeps keys and signatures, sends and receives,
and works on while the hub cannot be reached. To speak with the hub without this service, see asyncapi.yaml.

**Reaching it.** Plain HTTP on a loopback address of the machine on which the service runs (` + "`listen`" + ` in its agency.json);
put a TLS proxy before it for systems on other machines. Every request has ` + "`Authorization: Bearer <token>`" + `; the token is the
one line of the file ` + "`token`" + ` in the agency's folder. The service gives this document at /v1/openapi.yaml and the schemas that it
refers to at /v1/schemas/.

**Form.** Bodies are JSON in UTF-8, read strictly: an unknown or repeated member, a null, or anything behind the object is
refused. Ids are lower-case UUIDv7 (RFC 9562). Times are ` + "`YYYY-MM-DDTHH:MM:SSZ`" + `: whole seconds, UTC; happened is not
after recorded, and neither is in the future. An event has at most 128 KiB, its facts at most 64 KiB. Members are only ever
added to answers, so pass over those that you do not know.

**Never in facts:** a name, a telephone number, an address, free text. Facts are codes of closed lists, and stand for ever
in a log that other agencies see. Who the person is travels only in a record, sealed to one agency.

**Errors** are problems (RFC 9457) whose ` + "`rule`" + ` says which rule stands against the request and whose ` + "`pointer`" + ` says where. A
refused request has done nothing. Whatever is answered 202 is stored durably and will be sent; whether the hub's ledger
admits it is told later, by a delivery and at /v1/submissions/{id}.

**Repeating.** Give each request that says or files something an ` + "`Idempotency-Key`" + `. If an answer does not arrive, send the
same request under the same key until it does: it is done once.
`
	aboutSaying = `
Takes plain JSON, a CloudEvent in structured mode (application/cloudevents+json), or one in binary mode (application/json
with ce- headers). The service checks form and codes, signs with the agency's key, stores, and sends until the ledger
answers. It does not judge what the memorandum allows: the ledger does. The order of what is said is kept.

Without an Idempotency-Key, an event of an ` + "`id`" + ` of yours that is said twice is refused the second time (409, id-reused).

A person was met and may have been trafficked: say org.handrail.case.opened.v1 under a new case id. What may follow, and
what each type is for, is in the schema of the type and in contracts/mou.`
	aboutFiling = `
Takes forms that exist, as they are. Which ones, GET /v1/self says. A form opens one case; its sections of personal data
are held back at this agency and sealed when a referral needs them; what the form does not establish becomes tasks for the
agency's people. The same form under the same id of its own always gets the same answer (another one: 409, form-changed).`
	aboutDeliveries = `
Every delivery has a number, counted for this agency from 1 without a gap. Keep the last number that you worked off and ask
for what is behind it; an empty list means that there is nothing new. Receipts and refusals of the agency's own events come
as deliveries too. A delivery of kind damaged stands where one did not verify: ask for its number again later.

Sealed text is not in a delivery: open it when somebody needs to read it.`
	aboutWebhook = `
Configure it in the agency's folder: ` + "`webhook`" + ` in agency.json is the URL (https, or http on the same machine), the file
webhook.secret (mode 0600) holds ` + "`whsec_`" + ` and standard base64 of 24 to 64 random bytes, webhook-ca.pem may hold further roots
to trust. Then every delivery is posted, one at a time, in the order of data.number, from 1. Signed by Standard Webhooks 1.0: the key is the
base64-decoded part of the secret behind whsec_. No redirect is followed.

Verify the signature before you read the body; answer with a status of 200 to 299 when the delivery is stored, else it comes again.
A number may come again under another webhook-id, when a damaged delivery was mended or after the agencies left a history of
the log that was false: the newer one counts. What you store of it is yours to erase: record.erased, tombstones and withdrawn consent
tell when.`
	aboutOpening = `
An act of reading: before the text is shown, an event record.opened with the role agency-system, the purpose and the
basis is stored durably in this agency's journal and goes to the log, where auditors see it. If that fails nothing is shown.
Open it when it is needed, not in advance, and keep no copy longer than it is needed: after consent was withdrawn the record is no longer
opened (use-ended). A record can be opened once record.released for it was delivered (else not-released).

What a section holds is agreed between the agencies; a question or an answer (referral.asked, referral.answered) is
` + "`{\"text\": \"…\"}`" + `. The agency's people answer questions; its systems do not.`
)
