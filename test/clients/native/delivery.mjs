// What the hub delivers: sentences 13, 24 and 25. verify believes nothing that
// the pinned keys and the log do not show.
import { base64, fromBase64, hmac, sha256 } from "./digest.mjs";
import { checkpoint, includes, leaf, openNote, parseEntry, recordHash, refusalLeaf, submissionDigest } from "./log.mjs";
import { believe } from "./refused.mjs";

const MAX_HEADER = 32 * 1024;
const members = ["kind", "number", "recipient", "entry", "salt", "opening", "proof", "checkpoint", "id", "sequence", "digestsalt", "rule", "pointer", "salteddigest", "index", "path", "reason", "statement"];
const texts = ["kind", "recipient", "salt", "opening", "checkpoint", "id", "sequence", "digestsalt", "rule", "pointer", "salteddigest", "reason", "statement"];
const always = ["kind", "number", "recipient", "entry", "statement"];
const only = {
  event: ["salt", "opening", "proof", "checkpoint"], receipt: ["salt", "opening", "proof", "checkpoint"],
  refusal: members.filter((m) => !always.includes(m)), tombstone: ["reason"],
};

// parseDelivery reads the header's value, of which a delivery has one form: the
// members above in this order, an empty one left out, no white space.
export const parseDelivery = (header) => {
  let given = null;
  try { given = JSON.parse(header); } catch { /* judged below */ }
  believe(header.length <= MAX_HEADER && given && typeof given === "object", "form", "not the JSON of a delivery");
  const d = Object.fromEntries(members.filter((m) => m in given).map((m) => [m, given[m]]));
  believe(JSON.stringify(d) === header, "form", "not in the one form");
  wellFormed(d);
  const bytes = (text, length) => {
    const raw = fromBase64(text);
    believe(raw && (length === 0 || raw.length === length), "form", "not base64 of the right length");
    return raw;
  };
  for (const m of ["salt", "digestsalt", "salteddigest"]) if (m in d) d[m] = bytes(d[m], 32);
  for (const m of ["opening", "checkpoint", "statement"]) if (m in d) d[m] = bytes(d[m], 0).toString();
  for (const m of ["proof", "path"]) d[m] = (d[m] ?? []).map((h) => bytes(h, 32));
  return d;
};

const wellFormed = (d) => {
  const must = (holds) => believe(holds, "form", "a member is missing, unexpected or malformed for its kind");
  const count = (n, least) => Number.isSafeInteger(n) && n >= least;
  must(texts.every((m) => !(m in d) || (typeof d[m] === "string" && d[m] !== "")));
  must(d.kind in only && count(d.number, 1) && count(d.entry, 0) && /^[a-z0-9-]{1,32}$/.test(d.recipient ?? "") && d.statement);
  must(Object.keys(d).every((m) => always.includes(m) || only[d.kind].includes(m)));
  must(["proof", "path"].every((m) => !(m in d) || (Array.isArray(d[m]) && d[m].length > 0)) && (!("index" in d) || count(d.index, 1)));
  if (d.kind !== "tombstone") must(d.salt && d.opening && d.checkpoint);
  if (d.kind === "tombstone") must(["withdrawn", "erased"].includes(d.reason));
  if (d.kind !== "refusal") return;
  must(d.digestsalt && /^[ -~]{1,400}$/.test(d.reason ?? "") && /^([0-9]{20})?$/.test(d.sequence ?? "") && (!d.id || d.id.length === 36));
  const flooded = ["rule", "salteddigest", "path"];
  must(flooded.every((m) => m in d) || ![...flooded, "pointer", "index"].some((m) => m in d));
};

// statement is the text that the hub signs for a delivery.
export const statement = (hub, d) => {
  const lines = [["hub", `handrail/${hub}`], ["recipient", d.recipient], ["number", d.number], ["kind", d.kind], ["entry", d.entry], ["id", d.id], ["sequence", d.sequence]];
  if (d.kind === "refusal") lines.push(["digest-salt", base64(d.digestsalt)]);
  if (d.rule) lines.push(["rule", d.rule], ["pointer", d.pointer], ["salted-digest", base64(d.salteddigest)], ["index", d.index ?? 0]);
  lines.push(["reason", d.reason]);
  return `handrail-delivery v1\n${lines.filter(([, v]) => v !== undefined).map(([n, v]) => `${n} ${v}\n`).join("")}`;
};

// Verifier holds what an agency pinned when it joined, and the types of the catalogue.
export class Verifier {
  constructor({ hub, recipient, logKey, hubKey, known }) {
    Object.assign(this, { hub, recipient, logKey, hubKey, known });
  }

  // verify checks a delivery whole, with the event that travelled beside it or the
  // recipient's own submission. It gives the entry, nothing for a tombstone, and
  // the rule and pointer of a refusal.
  verify(d, event) {
    const signed = openNote(d.statement, [this.hubKey], "statement");
    believe(signed.signed.size === 1 && signed.text === statement(this.hub, d) && d.recipient === this.recipient, "statement", "the hub did not sign this");
    if (d.kind === "tombstone") {
      believe(!event, "event", "a tombstone has no event");
      return {};
    }
    const top = checkpoint(d.checkpoint, this.logKey);
    const leafHash = recordHash(leaf(d.salt, d.opening));
    believe(includes(top.size, top.root, d.entry, leafHash, d.proof), "proof", "the log does not hold this entry at this place");
    let entry;
    try { entry = parseEntry(d.opening, this.known); } catch (cause) { believe(false, "entry", cause.message); }
    const own = entry.submitter === d.recipient;
    believe(entry.number === d.entry && own === (d.kind !== "event") && (entry.verdict === "refused") === (d.kind === "refusal"), "entry", "it is not what the delivery says");
    if (d.kind === "refusal") return { entry, leafHash, checkpoint: top, ...this.refused(d, entry, event) };
    believe(event && event.attributes.get("hub") === `handrail/${this.hub}`, "event", "it is missing, or of another hub");
    const same = JSON.stringify([...event.attributes]) === JSON.stringify([...entry.event.attributes]);
    believe(same && entry.dataDigest.equals(sha256(event.data)), "event", "the entry records another");
    return { entry, leafHash, checkpoint: top };
  }

  refused(d, entry, event) {
    let { rule, pointer, salted } = entry;
    if (rule === "refusal-flood") {
      believe(d.rule, "entry", "a flood's answer says its own rule");
      [rule, pointer, salted] = [d.rule, d.pointer ?? "", d.salteddigest];
      believe(includes(entry.refusals, entry.root, d.index ?? 0, recordHash(refusalLeaf(rule, pointer, salted)), d.path), "proof", "it is not among the flood's refusals");
    } else {
      believe(!d.rule, "entry", "no flood");
    }
    if (event) {
      const a = event.attributes;
      const same = hmac(d.digestsalt, submissionDigest(event)).equals(salted) && (!d.id || d.id === a.get("id")) && (!d.sequence || d.sequence === a.get("sequence"))
        && (!entry.case || entry.case === a.get("subject"));
      believe(same, "event", "another submission was refused");
    }
    return { rule, pointer };
  }
}

