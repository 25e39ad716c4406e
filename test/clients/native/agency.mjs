// An agency's own system on the exchange: says, waits for the ledger's word, takes
// deliveries in order, and believes nothing that it has not verified.
import { createPrivateKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudEvent } from "cloudevents";
import { base64, fromBase64 } from "./digest.mjs";
import { Verifier, parseDelivery } from "./delivery.mjs";
import { Directory } from "./directory.mjs";
import * as envelope from "./envelope.mjs";
import { Catalogue, times } from "./facts.mjs";
import { Journal } from "./journal.mjs";
import { hubKey, verifierKey } from "./log.mjs";
import * as record from "./record.mjs";
import { believe } from "./refused.mjs";
import * as signature from "./signature.mjs";
import { Witness } from "./witness.mjs";

export const uuid7 = () => {
  const raw = randomBytes(16);
  raw.writeUIntBE(Date.now(), 0, 6);
  raw[6] = (raw[6] & 0x0f) | 0x70;
  raw[8] = (raw[8] & 0x3f) | 0x80;
  return raw.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

// usesNoNumber is sentence 17, and 37: what the hub could not read, or not lay at
// anybody's door.
const usesNoNumber = (rule) => rule.startsWith("attribute-")
  || ["event-too-large", "type-unknown", "hub-mismatch", "source-mismatch", "key-unknown", "signature-invalid", "agency-suspended", "sequence-reused"].includes(rule);

export class Agency {
  // folder is what joining left: agency.json, signing.pem, sealing.pem, nats.creds
  // and, of agencies that witness, witness.key. Only its owner reads it.
  constructor({ folder, contracts, journal }) {
    const text = (file) => readFileSync(join(folder, file), "utf8");
    const file = JSON.parse(text("agency.json"));
    this.id = file.agency;
    this.hub = file.hub;
    this.file = { ...file, creds: readFileSync(join(folder, "nats.creds")) };
    this.pins = { logKey: file.log_key, hubKey: file.hub_key, genesis: file.genesis };
    this.signing = createPrivateKey(text("signing.pem"));
    this.sealing = createPrivateKey(text("sealing.pem"));
    this.catalogue = new Catalogue(join(contracts, "schemas"));
    this.verifier = new Verifier({
      hub: file.hub, recipient: file.agency, logKey: verifierKey(file.log_key), hubKey: hubKey(file.hub, fromBase64(file.hub_key)), known: this.catalogue.types,
    });
    this.waiting = new Map(); // by event id: who waits for the answer
    this.watchers = [];
    this.leaves = new Map(); // leaf hashes of the entries that were delivered, by number
    this.received = [];
    this.stored = 0;
    this.lastTime = {}; // of our control messages, by type
    this.heard = {}; // of the hub's
    this.journal = new Journal(journal);
    this.said = new Map(this.journal.of("said").map((s) => [s.attributes[0][1], { event: { attributes: new Map(s.attributes), data: Buffer.from(s.data, "base64") } }]));
    for (const d of this.journal.of("delivered")) this.take(d.number, { headers: d.headers, body: Buffer.from(d.body, "base64") });
    this.witness = this.newWitness(folder, text);
  }

  newWitness(folder, text) {
    let secret;
    try { secret = text("witness.key").trim(); } catch { return undefined; }
    const [, name, seed] = /^PRIVATE\+KEY\+([^+]+)\+[0-9a-f]{8}\+(.*)$/.exec(secret);
    const key = signature.privateKey(fromBase64(seed).subarray(1));
    const kept = this.journal.of("cosigned").at(-1);
    const last = kept && { size: kept.size, root: fromBase64(kept.root), note: kept.note };
    const keep = ({ size, root, note }) => this.journal.keep({ cosigned: { size, root: base64(root), note } });
    return new Witness({ key, name, raw: signature.publicOf(key), logKey: this.verifier.logKey, last, keep });
  }

  // event builds and signs one, with the CloudEvents SDK. Its toJSON writes a time
  // with milliseconds, which the contract refuses, so attributes are taken one by one.
  event({ type, id = uuid7(), subject, correlation, cause, data, plaincommit, sequence }) {
    const cloudEvent = new CloudEvent({
      id, source: `urn:handrail:${this.hub}:agency:${this.id}`, type, subject, time: envelope.now(), dataschema: envelope.schemaOf(type),
      datacontenttype: envelope.isSealed(type) ? "application/jose" : "application/json", hub: `handrail/${this.hub}`,
      ...(sequence && { sequence }), correlationid: correlation ?? id, causationid: cause ?? id,
      traceparent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`, ...(plaincommit && { plaincommit }), data: data.toString(),
    });
    const event = { attributes: new Map(envelope.order.filter((a) => cloudEvent[a] !== undefined).map((a) => [a, cloudEvent[a]])), data };
    return signature.sign(event, this.signing);
  }

  // next is the number that the hub expects of our key: one more than the highest
  // that was used. What the hub refused unread or unproved used none (17).
  next() {
    const used = [...this.said.values()].filter((s) => !s.free).map((s) => BigInt(s.event.attributes.get("sequence")));
    return String(used.reduce((a, b) => (a > b ? a : b), 0n) + 1n).padStart(20, "0");
  }

  // say submits and gives the ledger's answer: { admitted: true, entry } or
  // { admitted: false, rule, pointer, reason }. unchecked leaves the schema to the hub;
  // altered changes an attribute after signing, to see what becomes of that.
  async say(type, { subject = this.id, data, correlation, cause, id, plaincommit, unchecked = false, altered }) {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data));
    if (!unchecked && !envelope.isSealed(type)) times(this.catalogue.facts(type, bytes), envelope.now());
    const event = this.event({ type, id, subject, correlation, cause, data: bytes, plaincommit, sequence: this.next() });
    for (const [attribute, value] of Object.entries(altered ?? {})) event.attributes.set(attribute, value);
    id = event.attributes.get("id");
    this.journal.keep({ said: { attributes: [...event.attributes], data: base64(bytes) } });
    const mine = { event };
    this.said.set(id, mine);
    const answer = new Promise((answered) => this.waiting.set(id, answered));
    await this.exchange.submit(envelope.toMessage(event));
    return { id, ...await answer };
  }

  // sealTo says a record of one section for one recipient.
  async sealTo(to, type, { subject, referral, purpose, section, content }) {
    const id = uuid7();
    const header = { source: `urn:handrail:${this.hub}:agency:${this.id}`, id, to, case: subject, referral, purpose, type, section };
    const { jwe, plaincommit } = record.seal(this.directory.sealing(to), header, JSON.stringify(content));
    return this.say(type, { id, subject, correlation: referral, data: Buffer.from(jwe), plaincommit });
  }

  // open reads a record that was delivered. The reading is said first: what cannot
  // be said is not read.
  async open(event, { role, purpose, basis }) {
    const a = event.attributes;
    const opened = envelope.typeOf("record.opened");
    const at = envelope.now();
    const answer = await this.say(opened, {
      subject: a.get("subject"), correlation: a.get("correlationid"), data: { happened: at, recorded: at, channel: "system", record: a.get("id"), role, purpose, basis },
    });
    if (!answer.admitted) throw new Error(`the reading is refused: ${answer.rule}`);
    return JSON.parse(record.open(this.sealing, event.data.toString("latin1"), a.get("plaincommit")));
  }

  // control says a control message: strictly newer than the last of its type.
  async control(short, data) {
    const type = envelope.typeOf(`control.${short}`);
    while (this.lastTime[type] === envelope.now()) await new Promise((later) => { setTimeout(later, 100); });
    this.lastTime[type] = envelope.now();
    await this.exchange.submit(envelope.toMessage(this.event({ type, subject: this.id, data: Buffer.from(JSON.stringify(data)) })));
  }

  position(resume = false) {
    return this.control("inbox-position", { position: this.stored, ...(resume && { resume }) });
  }

  // again is for every start and every reconnect: the hub sends what lies beyond our
  // position, and gets what it has not answered once more, the same to the byte.
  async again() {
    await this.position(true);
    for (const { event, answered } of this.said.values()) if (!answered) await this.exchange.submit(envelope.toMessage(event));
  }

  // receive takes one message from the hub. It returns when the broker may forget it.
  async receive(message) {
    const header = message.headers.filter(([name]) => name.toLowerCase() === "handrail-delivery");
    if (header.length === 0) return this.heed(message);
    const { number } = parseDelivery(header[0][1]);
    if (number <= this.stored) return undefined;
    if (number > this.stored + 1) return this.position(true); // a gap: the hub sends again from there
    const taken = this.take(number, message);
    this.journal.keep({ delivered: { number, headers: message.headers, body: base64(message.body) } });
    this.tell(taken);
    return undefined;
  }

  // take verifies a delivery and folds it in; it throws if it is not to be believed.
  take(number, message) {
    const d = parseDelivery(message.headers.find(([name]) => name.toLowerCase() === "handrail-delivery")[1]);
    believe(d.number === this.stored + 1 && d.number === number, "number", "deliveries are numbered without a gap");
    const taken = { delivery: d };
    const id = d.kind === "receipt" ? /\nce-id (.*)\n/.exec(d.opening)[1] : d.id;
    taken.event = d.kind === "event" ? envelope.fromMessage(message, this.catalogue.types) : this.said.get(id)?.event;
    Object.assign(taken, this.verifier.verify(d, d.kind === "tombstone" ? undefined : taken.event));
    if (d.kind === "event") this.hear(taken);
    else if (this.said.has(id)) this.said.get(id).answered = true;
    if (d.kind === "refusal" && this.said.has(id)) this.said.get(id).free = usesNoNumber(taken.rule);
    this.chained(taken);
    this.stored = number;
    this.received.push(taken);
    return taken;
  }

  // hear checks who said a delivered event, by the directory as it stood then.
  hear(taken) {
    const { event, delivery: d } = taken;
    const type = event.attributes.get("type");
    if (!this.directory) this.directory = new Directory(this.pins, event.data);
    else believe(d.number > 1, "genesis", "it comes first");
    const key = this.directory.signer(envelope.agencyOf(event), signature.claim(event).keyid, d.entry);
    believe(key, "key", "no key of its sender at that entry");
    signature.verify(event, key);
    if (envelope.isSealed(type)) {
      taken.header = record.ofEvent(event);
      return;
    }
    taken.facts = this.catalogue.facts(type, event.data);
    times(taken.facts, event.attributes.get("time"));
    if (d.number > 1) this.directory.apply(d.entry, Object.fromEntries(event.attributes), taken.facts);
  }

  // chained checks an entry against the one before it in its visibility chain, if
  // that was delivered here.
  chained({ entry, leafHash }) {
    if (!entry) return;
    const before = entry.previous && this.leaves.get(entry.previous.number);
    believe(!before || before.equals(entry.previous.leaf), "chain", "another entry stood before it");
    this.leaves.set(entry.number, leafHash);
  }

  // tell answers whoever waits.
  tell(taken) {
    const { delivery: d, event, entry, checkpoint } = taken;
    if (d.kind === "receipt" || d.kind === "refusal") {
      const mine = this.said.get(event?.attributes.get("id"));
      const answer = d.kind === "receipt" ? { admitted: true, entry: entry.number, size: checkpoint.size } : { admitted: false, entry: entry.number, rule: taken.rule, pointer: taken.pointer, reason: d.reason };
      if (mine) mine.answer = answer;
      this.waiting.get(event?.attributes.get("id"))?.(answer);
    }
    for (const watcher of this.watchers) watcher(taken);
  }

  // when gives the first delivered event that fits, now or later.
  when(short, fits = () => true) {
    const is = (t) => t.delivery.kind === "event" && t.event.attributes.get("type") === envelope.typeOf(short) && fits(t);
    const there = this.received.find(is);
    if (there) return Promise.resolve(there);
    return new Promise((found) => this.watchers.push((t) => { if (is(t)) found(t); }));
  }

  // heed obeys a control message: signed by the hub, and newer than its last.
  async heed(message) {
    const event = envelope.fromMessage(message, this.catalogue.types);
    const a = event.attributes;
    signature.verify(event, this.verifier.hubKey.raw);
    if (envelope.agencyOf(event) !== "hub" || a.get("hub") !== `handrail/${this.hub}` || a.get("subject") !== this.id) return undefined;
    const short = envelope.shortOf(a.get("type"));
    if (a.get("time") <= (this.heard[short] ?? "")) return undefined;
    this.heard[short] = a.get("time");
    const facts = this.catalogue.facts(a.get("type"), event.data);
    switch (short) {
      case "control.head-announced": return this.position(facts.delivered > this.stored);
      case "control.resend-from": return this.resend(facts);
      case "control.checkpoint-offered": return this.witness && this.control("checkpoint-cosigned", this.witness.answer(facts, Math.floor(Date.now() / 1000)));
      default: return undefined;
    }
  }

  // resend submits again, in order, what the hub has not judged.
  async resend({ sequence }) {
    for (const { event } of this.said.values()) {
      if (BigInt(event.attributes.get("sequence")) >= BigInt(sequence)) await this.exchange.submit(envelope.toMessage(event));
    }
  }
}
