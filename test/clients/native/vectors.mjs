// Checks this client against every golden vector: node vectors.mjs CONTRACTS.
// It prints one line for each file and ends with 1 if a vector is not met.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { base64, fromBase64, sha256 } from "./digest.mjs";
import { agencyOf, caseOf, fromMessage, parse, referralOf } from "./envelope.mjs";
import { Catalogue, times } from "./facts.mjs";
import * as log from "./log.mjs";
import { parseDelivery, Verifier } from "./delivery.mjs";
import { Directory, listingDigest, vouches, vouchingText } from "./directory.mjs";
import * as record from "./record.mjs";
import { Refused, Unbelievable } from "./refused.mjs";
import * as request from "./request.mjs";
import * as signature from "./signature.mjs";
import { judge, verifyProof, emptyRoot } from "./witness.mjs";
import { subtree, treeOf } from "./vectors-tree.mjs";

const [, , contracts] = process.argv;
const catalogue = new Catalogue(join(contracts, "schemas"));
const known = catalogue.types;
const built = (texts) => Buffer.concat(texts.map(({ text, times: n }) => Buffer.alloc(Buffer.byteLength(text) * n, text)));
const event = (input) => ({ attributes: new Map(input.attributes), data: Buffer.from(input.data ?? "") });
const pairs = (e) => [...e.attributes];
const hash = (text) => Buffer.from(text, "base64");
const entryLine = (e) => ({ number: e.number, admitted: e.admitted, verdict: e.verdict, submitter: e.submitter });

let directory; // of directory.json, which is one script

const codec = (v) => {
  const e = fromMessage({ headers: v.input.header, body: v.input.body_of ? built(v.input.body_of) : Buffer.from(v.input.body) }, known);
  assert.deepEqual(pairs(e), v.output.attributes);
  if (v.output.data !== undefined) assert.equal(e.data.toString(), v.output.data);
  return e;
};

const delivered = (v, given) => {
  const verifier = new Verifier({ hub: given.hub, recipient: v.input.recipient, logKey: log.verifierKey(given.log_key), hubKey: log.verifierKey(given.hub_key), known });
  const d = parseDelivery(v.input.header);
  const { entry } = verifier.verify(d, v.input.attributes && event(v.input));
  for (const [text, from] of [["entry", d.opening], ["statement", d.statement], ["checkpoint", d.checkpoint]]) {
    if (v.output?.[text]) assert.equal(from, v.output[text]);
  }
  return entry;
};

const checks = {
  "envelope.json": (v) => {
    const e = parse(v.input.attributes, Buffer.alloc(0), known);
    if (v.output) assert.deepEqual({ agency: agencyOf(e), case: caseOf(e), referral: referralOf(e) }, v.output);
  },
  "facts.json": (v) => {
    const data = Buffer.from(v.input.data);
    catalogue.facts(v.input.type, data);
    if (v.output?.sha256_hex) assert.equal(sha256(data).toString("hex"), v.output.sha256_hex);
  },
  "size.json": (v) => (v.input.attributes ? parse(v.input.attributes, built(v.input.data_of), known) : catalogue.facts(v.input.type, built(v.input.data_of))),
  "times.json": (v) => times(v.input, v.input.time),
  "sequence.json": (v) => {
    const e = JSON.parse(readFileSync(join(contracts, "vectors", "envelope.json"))).vectors[0].input.attributes.map(([a, x]) => [a, a === "sequence" ? v.input.sequence : x]);
    assert.equal(String(BigInt(parse(e, Buffer.alloc(0), known).attributes.get("sequence"))), v.output.number);
  },
  "signature.json": (v, { key }) => {
    if (v.input.payload) {
      assert.equal(sha256(v.input.keyid, v.input.payload).toString("hex"), v.output.sha256_hex);
      return;
    }
    const e = event(v.input);
    const raw = fromBase64(key.public);
    assert.equal(signature.keyID(raw), key.keyid);
    if (v.refused) return signature.verify(e, raw);
    assert.equal(base64(sha256(e.data)), v.output.data_sha256_base64);
    assert.equal(signature.payload(e), v.output.payload);
    assert.equal(signature.preAuthentication(v.output.payload), v.output.pre_authentication);
    assert.equal(signature.sign(e, signature.privateKey(Buffer.from(key.seed_hex, "hex"))).attributes.get("dssematerial"), v.output.dssematerial);
    signature.verify(e, raw);
  },
  "plaincommit.json": (v) => assert.equal(record.commitment(Buffer.from(v.input.salt_hex, "hex"), v.input.section), v.output.plaincommit),
  "sealed-record.json": (v, { recipient }) => {
    if (v.input.attributes) return record.ofEvent(event(v.input));
    const header = record.parse(v.input.jwe);
    const key = record.privateOfJWK(recipient.jwk);
    if (v.output.disputed) return assert.throws(() => record.open(key, v.input.jwe, v.input.plaincommit), record.Disputed);
    assert.equal(record.open(key, v.input.jwe, v.input.plaincommit), v.output.section);
    assert.deepEqual(header, JSON.parse(v.output.header));
    const point = fromBase64(recipient.public);
    assert.deepEqual(point, record.pointOf(key));
    const again = record.seal(point, { source: header.source, id: header.id, to: header.to, case: header.case, referral: header.referral, purpose: header.purpose, type: header.type, section: header.section }, v.output.section);
    assert.equal(record.open(key, again.jwe, again.plaincommit), v.output.section);
  },
  "listing.json": (v, { origin, signing, sealing }) => {
    if (v.input.listing) return signature.checkListing(origin, v.input.listing);
    assert.equal(signature.keyID(fromBase64(sealing.public)), sealing.keyid);
    assert.equal(signature.proofText(origin, v.input), v.output.proof_text);
    assert.equal(base64(signature.signBytes(signature.privateKey(Buffer.from(signing.seed_hex, "hex")), v.output.proof_text)), v.output.proof);
    signature.checkListing(origin, { ...v.input, proof: v.output.proof });
  },
  "vouching.json": (v, { origin, listing, key }) => {
    const raw = fromBase64(v.input.key ?? key.public);
    if (v.input.vouching) {
      if (!vouches(v.input.origin, v.input.listing, v.input.vouching, raw)) throw new Refused("vouching", "/vouching");
      return;
    }
    const text = vouchingText(origin, listing, v.input.agency);
    const made = { agency: v.input.agency, key: signature.keyID(raw), signature: base64(signature.signBytes(signature.privateKey(Buffer.from(key.seed_hex, "hex")), text)) };
    assert.deepEqual({ digest: listingDigest(origin, listing), text, vouching: made }, v.output);
  },
  "directory.json": (v, { genesis }) => {
    const { input } = v;
    if (!directory) {
      const { log: logKey, signing } = JSON.parse(genesis);
      directory = new Directory({ logKey, hubKey: signing, genesis: sha256(genesis).toString("hex") }, genesis);
    }
    if (input.kid) {
      const judged = directory.sealedTo(input.to, input.kid);
      assert.deepEqual({ released: judged.released }, v.output);
      if (judged.rule) throw new Refused(judged.rule);
      return;
    }
    if (input.signing) {
      assert.equal(Boolean(directory.signer(input.agency, input.signing, input.for_entry)), v.output.counts);
      return;
    }
    const members = () => JSON.stringify([...directory.members]);
    const before = members();
    try {
      directory.apply(input.entry, input, catalogue.facts(input.type, Buffer.from(input.data)));
    } catch (cause) {
      assert.equal(members(), before, "what is refused changes nothing");
      throw cause;
    }
    const { standing, listing } = directory.members.get(input.subject);
    assert.deepEqual({ sealing: signature.keyID(fromBase64(listing.sealing)), signing: signature.keyID(fromBase64(listing.signing)), standing }, v.output);
  },
  "request.json": (v, { agency, key, origin }) => {
    const { method, target, body } = v.input;
    const of = { raw: fromBase64(key.public), origin, method, target, body, now: Date.parse(v.input.now) };
    const read = request.verify(v.input.authorization, of);
    assert.deepEqual([read.header, read.claims, read.jti], [v.output.header, v.output.claims, v.output.jti]);
    const ours = request.authorization({ key: signature.privateKey(Buffer.from(key.seed_hex, "hex")), agency, ...of, jti: read.jti });
    assert.equal(ours, v.input.authorization);
  },
  "codec-binary.json": codec,
  "codec-structured.json": codec,
  "control.json": (v, given) => {
    const e = codec(v);
    catalogue.facts(e.attributes.get("type"), e.data);
    signature.verify(e, fromBase64(agencyOf(e) === "hub" ? given.hub : given.police));
  },
  "entry.json": (v) => {
    if (v.input.attributes) {
      assert.equal(log.submissionDigest(event(v.input)).toString("hex"), v.output.submission_sha256_hex);
      return;
    }
    const e = log.parseEntry(v.input.entry, known);
    const { number, admitted, verdict, submitter } = v.output;
    assert.deepEqual(entryLine(e), { number, admitted, verdict, submitter });
    if (e.previous) assert.deepEqual([e.previous.number, e.previous.leaf.toString("hex")], [v.output.previous_number, v.output.previous_leaf_hex]);
    if (e.rule) assert.deepEqual([e.rule, e.pointer, e.case, e.salted.toString("hex")], [v.output.rule, v.output.pointer, v.output.case, v.output.salted_digest_hex]);
  },
  "leaf.json": (v) => {
    const leaf = log.leaf(Buffer.from(v.input.salt_hex, "hex"), v.input.entry);
    assert.deepEqual([leaf.toString("hex"), log.recordHash(leaf).toString("hex")], [v.output.leaf_hex, v.output.leaf_hash_hex]);
  },
  "tree.json": (v) => {
    const { input } = v;
    if (input.level !== undefined) return assert.equal(base64(subtree(input.index * 256 ** input.level, 256 ** input.level)), v.output.hash);
    if (v.refused) {
      if (!log.includes(input.size, hash(input.root), input.number, hash(input.leaf_hash), input.proof.map(hash))) throw new Unbelievable("proof", "not in the tree");
      return;
    }
    assert.equal(base64(treeOf(input.size)), v.output.root);
    for (const [n, proof] of Object.entries(v.output.proofs)) assert.ok(log.includes(input.size, hash(v.output.root), Number(n), subtree(Number(n), 1), proof.map(hash)));
  },
  "checkpoint.json": (v, given) => {
    const { origin, size, root } = log.checkpoint(v.input.note, log.verifierKey(given.log_key));
    assert.deepEqual({ origin, size, root: base64(root) }, v.output);
  },
  "delivery.json": delivered,
  "receipt.json": delivered,
  "refusal.json": delivered,
  "tombstone.json": delivered,
  "flood.json": (v, given) => {
    if (v.input.header) return delivered(v, given);
    if (v.input.entry) {
      const e = log.parseEntry(v.input.entry, known);
      return assert.deepEqual([e.refusals, e.root.toString("hex"), e.rule], [v.output.refusals, v.output.refusals_root_hex, v.output.rule]);
    }
    const text = log.refusalLeaf(v.input.rule, v.input.pointer, Buffer.from(v.input.salted_digest_hex, "hex"));
    assert.deepEqual([text, log.recordHash(text).toString("hex")], [v.output.leaf, v.output.leaf_hash_hex]);
  },
  "consistency.json": (v) => {
    const head = ({ size, root }) => ({ size, root: hash(root) });
    if (!log.goesOn(head(v.input.old), head(v.input.new), v.input.proof.map(hash))) throw new Unbelievable("fork", "it does not go on");
  },
  "cosignature.json": (v, given) => {
    if (v.input.witness_key !== undefined) return assert.equal(log.verifierKey(v.input.witness_key).name, v.output.name);
    const keys = given.witnesses.map((w) => log.verifierKey(w.witness_key));
    if (v.input.note) {
      const [, name, seed] = /^PRIVATE\+KEY\+([^+]+)\+[0-9a-f]{8}\+(.*)$/.exec(given.secret);
      const { raw } = keys.find((k) => k.name === name);
      return assert.equal(log.cosign(v.input.note, name, signature.privateKey(Buffer.from(seed, "base64").subarray(1)), raw, v.input.time), v.output.note);
    }
    const { signed } = log.checkpoint(v.input.cosigned, log.verifierKey(given.log_key), keys);
    assert.deepEqual([...signed.keys()].filter((n) => n !== given.origin).map((n) => n.split("/")[2]).sort(), v.output.cosignatures.map((c) => c.agency).sort());
  },
  "witness.json": (v, given) => {
    const last = v.input.last ? { size: v.input.last.size, root: hash(v.input.last.root) } : { size: 0, root: emptyRoot };
    const { finding } = judge(last, { note: v.input.checkpoint, old: v.input.old, proof: v.input.proof.map(hash) }, log.verifierKey(given.log_key));
    if (finding) throw new Unbelievable(finding, "a finding");
  },
  "tlog-proof.json": (v, given) => {
    const keys = given.witnesses.map((w) => log.verifierKey(w.witness_key));
    const proof = verifyProof(v.input.tlog_proof, { logKey: log.verifierKey(given.log_key), witnesses: keys, leafHash: hash(v.input.leaf_hash ?? ""), known });
    assert.deepEqual([proof.number, proof.size], [v.output.number, v.output.size]);
    if (v.output.entry) assert.equal(proof.opening.entry, v.output.entry);
  },
  // Submitted messages, signed anew, are the ones that were given; what no client
  // would send is refused here too. The hub's own judgement is not a client's.
  "admission.json": (v, given, all) => {
    const rule = (v.refused ?? all.find((other) => other.name === v.output.of)?.refused)?.rule ?? "";
    let e;
    try { e = fromMessage({ headers: v.input.header, body: Buffer.from(v.input.body) }, known); } catch (cause) {
      assert.equal(cause.rule, rule);
      return;
    }
    if (["signature-invalid", "key-unknown"].includes(rule)) return;
    const { seed_hex: seed } = given.agencies.find((a) => a.signing.keyid === signature.claim(e).keyid).signing;
    const before = e.attributes.get("dssematerial");
    assert.equal(signature.sign(e, signature.privateKey(Buffer.from(seed, "hex"))).attributes.get("dssematerial"), before);
  },
};

// meets says whether a vector is met: accepted as its output says, or refused.
// Only what an agency sends has the hub's names of rules, and a client need not
// give the same; the place where something is not believed is the same here.
const meets = (check, v, given, all) => {
  try { check(v, given, all); } catch (cause) {
    if (!v.refused || !(cause instanceof Refused || cause instanceof Unbelievable)) throw cause;
    if (v.refused.check && v.refused.check !== cause.check) throw new Error(`not believed by ${cause.check}, want ${v.refused.check}: ${cause.message}`);
    return;
  }
  if (v.refused && check !== checks["admission.json"]) throw new Error("accepted, although the contract refuses it");
};

let failed = 0;
for (const file of readdirSync(join(contracts, "vectors")).filter((f) => f.endsWith(".json"))) {
  const { vectors, given } = JSON.parse(readFileSync(join(contracts, "vectors", file), "utf8"));
  const check = checks[file];
  if (!check) continue; // tiles.json: an auditor's
  let met = 0;
  for (const v of vectors) {
    try { meets(check, v, given, vectors); met++; } catch (cause) {
      console.error(`${file}: ${v.name}: ${cause.message.split("\n")[0]}`);
      failed++;
    }
  }
  console.log(JSON.stringify({ file, vectors: vectors.length, met }));
}
process.exitCode = failed > 0 ? 1 : 0;
