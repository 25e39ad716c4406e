// A police force's own system identifies a person, asks a shelter for a bed and
// answers the shelter's question: node identify.mjs FOLDER CONTRACTS JOURNAL SHELTER.
// Each step is told as a line of JSON. Nothing here is about a real person.
import { Agency, uuid7 } from "./agency.mjs";
import { now, typeOf } from "./envelope.mjs";
import { Exchange } from "./exchange.mjs";
import { authorization } from "./request.mjs";
import { checkpoint } from "./log.mjs";

const [, , folder, contracts, journal, shelter] = process.argv;
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));

const agency = new Agency({ folder, contracts, journal });
agency.exchange = await Exchange.join({ broker: agency.file.broker, creds: agency.file.creds, agency: agency.id });
const receiving = agency.exchange.receive((message) => agency.receive(message));
const failed = (cause) => { console.error(cause); process.exit(1); };
receiving.catch(failed);
agency.exchange.reconnected(() => agency.again()).catch(failed);
await agency.again();
const reporting = setInterval(() => agency.position().catch(failed), 30_000); // what the hub may forget

const founded = await agency.when("directory.founded");
tell("joined", { genesis: agency.pins.genesis, agencies: founded.facts.agencies.length, stored: agency.stored });

const subject = uuid7();
const said = () => ({ happened: now(), recorded: now(), channel: "in-person" });
const say = async (short, data, more = {}) => {
  const answer = await agency.say(typeOf(short), { subject, correlation: subject, data: { ...said(), ...data }, ...more });
  tell(answer.admitted ? "admitted" : "refused", { type: short, ...answer });
  return answer;
};

// What breaks the contract is refused by the ledger, with the rule and the place.
await say("case.opened", { age: "forty" }, { unchecked: true });
// What was changed after signing is nobody's word, and uses up no number.
await say("case.opened", { age: "adult" }, { altered: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } });
// What breaks the memorandum too: the person is told of their rights first.
await say("case.opened", { age: "adult" });
const consent = {
  recipient: { class: "shelter" }, purpose: "accommodation", sections: ["identity", "contact", "needs", "question"], expires: `${new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 19)}Z`,
  by: "person", capacity: "clear", language: "ron", interpreter: "independent", present: ["person-alone", "interpreter"],
};
await say("consent.given", consent);
await say("rights.informed", { language: "ron", interpreter: "independent" });
await say("risk.assessed", { with_person: true, safety: ["pursued"] });
await say("consent.given", consent);

const referral = uuid7();
const asked = await agency.say(typeOf("referral.requested"), {
  id: referral, subject, correlation: referral,
  data: { ...said(), to: [shelter], purpose: "accommodation", sections: ["identity"], needs: ["safe-accommodation"], urgency: "standard", age: "adult", language: "ron" },
});
tell("asked", { case: subject, referral, ...asked });
const sealed = await agency.sealTo(shelter, typeOf("record.sealed"), {
  subject, referral, purpose: "accommodation", section: "identity", content: { first_name: "Invented", family_name: "Person" },
});
tell("sealed", sealed);

// The shelter's question comes sealed. Its signature is checked with the key that
// genesis has for the shelter, before the reading is said and the question opened.
const question = await agency.when("referral.asked", (t) => t.event.attributes.get("correlationid") === referral);
tell("question", { verified: true, from: question.entry.submitter, text: (await agency.open(question.event, { role: "case-worker", purpose: "accommodation", basis: "consent" })).text });
const reply = await agency.sealTo(shelter, typeOf("referral.answered"), {
  subject, referral, purpose: "accommodation", section: "question", content: { text: "By train, at six." },
});
tell("replied", reply);

const accepted = await agency.when("referral.accepted", (t) => t.event.attributes.get("correlationid") === referral);
tell("accepted", { by: accepted.entry.submitter, number: accepted.delivery.number });
const released = await agency.when("record.released", (t) => t.facts.record === sealed.id);
tell("released", { to: released.facts.to });

// The log is served over HTTP to whoever signs the request; its newest checkpoint is not older than ours.
const target = "/v1/tlog/checkpoint";
const answer = await fetch(agency.file.ledger + target, {
  headers: { Authorization: authorization({ key: agency.signing, agency: agency.id, origin: `handrail/${agency.hub}`, method: "GET", target }) },
});
tell("log", { status: answer.status, size: checkpoint(await answer.text(), agency.verifier.logKey).size, seen: released.checkpoint.size });

clearInterval(reporting);
await agency.position();
await agency.exchange.close();
agency.journal.close();
tell("done", { stored: agency.stored, cosigned: agency.witness?.last.size ?? 0 });
