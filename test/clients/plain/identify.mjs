// A police force's own system identifies a person, asks a shelter for a bed and
// reads the shelter's question, through its agency's service:
// node identify.mjs URL TOKEN-FILE WEBHOOK-PORT SECRET-FILE SHELTER. Each step is told
// as a line of JSON. Nothing here is about a real person.
import { randomBytes, randomUUID } from "node:crypto";
import { Deliveries } from "./deliveries.mjs";
import { Problem, Service } from "./service.mjs";

const [, , url, tokenFile, port, secretFile, shelter] = process.argv;
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));
const typeOf = (short) => `org.handrail.${short}.v1`;
const second = (at) => `${new Date(at).toISOString().slice(0, 19)}Z`;
const said = () => ({ happened: second(Date.now()), recorded: second(Date.now()), channel: "system" });

// RFC 9562: 48 bits of time, version 7, variant 10.
const uuid7 = () => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

const service = new Service(url, tokenFile);
const deliveries = new Deliveries(secretFile);
await deliveries.listen(Number(port));

const refused = async (what, doing) => {
  try {
    await doing();
    throw new Error(`${what} was taken`);
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
    tell("refused", { what, status: cause.status, rule: cause.rule, pointer: cause.pointer, reason: cause.detail });
  }
};

// admitted waits for the ledger's answer to what was said, by webhook.
const admitted = async (short, id) => {
  const { kind, number, entry, rule = "", reason = "" } = await deliveries.answer(id);
  tell("answered", { type: short, id, kind, number, entry, rule, reason });
};

const self = await service.get("/v1/self");
tell("self", { source: self.source, forms: self.forms, webhook: Boolean(self.webhook) });

// The identification. Sent again under its key it is the same one.
const of = uuid7();
const opened = { type: typeOf("case.opened"), case: of, data: { ...said(), age: "adult" } };
const key = randomUUID();
const first = await service.say(opened, key);
tell("said", { id: first, again: await service.say(opened, key), case: of });
await refused("another request under the key", () => service.say({ ...opened, case: uuid7() }, key));
await refused("a code of no list", () => service.say({ ...opened, data: { ...opened.data, age: "forty" } }, randomUUID()));
await refused("a name among the facts", () => service.say({ ...opened, data: { ...opened.data, name: "Invented" } }, randomUUID()));
await admitted("case.opened", first);
tell("became", await service.get(`/v1/submissions/${first}`));

// What the memorandum does not allow is refused by the ledger: rights come first.
const consent = {
  ...said(), recipient: { class: "shelter" }, purpose: "accommodation", sections: ["identity", "contact", "needs", "question"], expires: second(Date.now() + 30 * 86_400_000),
  by: "person", capacity: "clear", language: "ron", interpreter: "independent", present: ["person-alone", "interpreter"],
};
const early = await service.say({ type: typeOf("consent.given"), case: of, data: consent }, randomUUID());
await admitted("consent.given", early);
tell("became", await service.get(`/v1/submissions/${early}`));

// CloudEvents, in structured and in binary mode.
const event = (short, data) => ({ specversion: "1.0", id: uuid7(), source: self.source, type: typeOf(short), subject: of, data: { ...said(), ...data } });
await admitted("rights.informed", await service.sayStructured(event("rights.informed", { language: "ron", interpreter: "independent" })));
await admitted("risk.assessed", await service.sayBinary(event("risk.assessed", { with_person: true, safety: ["pursued"] })));
await refused("a CloudEvent of somebody else", () => service.sayStructured({ ...event("risk.assessed", {}), source: "urn:handrail:sampleland:agency:hub" }));
await admitted("consent.given", await service.say({ type: typeOf("consent.given"), case: of, data: consent }, randomUUID()));

// A bed is asked for, and who the person is goes sealed.
const referral = uuid7();
const bed = { ...said(), to: [shelter], purpose: "accommodation", sections: ["identity"], needs: ["safe-accommodation"], urgency: "standard", age: "adult", language: "ron" };
await admitted("referral.requested", await service.say({ type: typeOf("referral.requested"), case: of, id: referral, data: bed }, randomUUID()));
const sealing = { type: typeOf("record.sealed"), case: of, referral, to: shelter, section: "identity", value: { first_name: "Invented", family_name: "Person" } };
const sealingKey = randomUUID();
const sealed = await service.say(sealing, sealingKey);
if (await service.say(sealing, sealingKey) !== sealed) throw new Error("under one key it was sealed twice");
await admitted("record.sealed", sealed);
tell("asked", { case: of, referral });

// The shelter's question is posted without its text; reading it is an act of its own.
const question = await deliveries.heard(typeOf("referral.asked"), referral);
const { record, data } = question.event;
tell("question", { from: question.event.source, section: record.section, text: data === undefined ? "" : "posted" });
const path = `/v1/records/${question.event.id}/open`;
await refused("reading without a basis", () => service.post(path, { case: of, purpose: record.purpose }));
await refused("reading for something else", () => service.post(path, { case: of, purpose: "investigation", basis: "consent" }));
const { section } = await service.post(path, { case: of, purpose: record.purpose, basis: "consent" });
tell("read", { text: section.text });

const accepted = await deliveries.heard(typeOf("referral.accepted"), referral);
tell("accepted", { from: accepted.event.source, number: accepted.number });

// What was posted can be fetched too.
const fetched = [];
for (let page; !page || page.length > 0; fetched.push(...page)) {
  page = (await service.get(`/v1/deliveries?after=${fetched.at(-1)?.number ?? 0}&limit=7`)).deliveries;
}
const same = deliveries.taken.every((d, i) => JSON.stringify(d) === JSON.stringify(fetched[i]));
tell("done", { posted: deliveries.taken.length, fetched: fetched.length, same });
deliveries.close();
