// A witness, and proof for later: sentences 31 to 33.
import { base64, fromBase64 } from "./digest.mjs";
import { checkpoint, cosign, goesOn, includes, leaf, parseEntry, recordHash } from "./log.mjs";
import { believe } from "./refused.mjs";

// judge gives what a witness finds of an offered checkpoint; nothing if it cosigns.
// last is the size and root that it cosigned last, of size 0 if none.
export const judge = (last, { note, old, proof }, logKey) => {
  let offered;
  try { offered = checkpoint(note, logKey); } catch { return { finding: "unsigned" }; }
  const found = (finding) => ({ finding, offered });
  if (offered.size < last.size) return found("rolled-back");
  if (offered.size === last.size && last.size > 0 && !offered.root.equals(last.root)) return found("inconsistent");
  if (old > last.size) return found("state-lost");
  if (old < last.size) return found("old-size");
  return goesOn(last, offered, proof) ? { offered } : found("inconsistent");
};

// Witness remembers what it cosigned last before anybody gets the cosignature:
// keep stores it durably.
export class Witness {
  constructor({ key, name, raw, logKey, last, keep }) {
    Object.assign(this, { key, name, raw, logKey, keep, last: last ?? { size: 0, root: emptyRoot, note: "" } });
  }

  // answer gives the facts of checkpoint.cosigned to those of checkpoint.offered.
  answer(offer, now) {
    const hashes = Buffer.from(offer.proof ?? "", "base64");
    const proof = Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));
    const note = Buffer.from(offer.checkpoint, "base64").toString();
    const { finding, offered } = judge(this.last, { note, old: offer.old, proof }, this.logKey);
    if (!finding) {
      this.last = { size: offered.size, root: offered.root, note: cosign(note, this.name, this.key, this.raw, now) };
      this.keep(this.last);
    }
    return { size: this.last.size, ...(this.last.note && { checkpoint: base64(this.last.note) }), ...(finding && { finding }) };
  }
}

export const emptyRoot = Buffer.from("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "base64"); // SHA-256 of nothing

// verifyProof checks a C2SP tlog-proof of one entry.
export const verifyProof = (text, { logKey, witnesses, leafHash, known }) => {
  const lines = text.split("\n");
  const must = (holds) => believe(holds, "form", "not a tlog-proof");
  must(text.length <= 64 * 1024 && lines.shift() === "c2sp.org/tlog-proof@v1");
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift().slice(6)) : undefined;
  must(extra === undefined || (extra && extra.length > 32));
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "") ?? [];
  must(digits !== undefined && Number.isSafeInteger(Number(digits)));
  const proof = [];
  while (lines.length > 0 && lines[0] !== "") proof.push(fromBase64(lines.shift()));
  must(lines.shift() === "" && proof.every((h) => h?.length === 32) && proof.length <= 63 && lines.length > 0);
  const number = Number(digits);
  const signedNote = lines.join("\n");
  must(signedNote.includes("\n\n"));
  const top = checkpoint(signedNote, logKey, witnesses);
  const opening = extra && { salt: extra.subarray(0, 32), entry: extra.subarray(32).toString() };
  let entry;
  if (opening) {
    entry = parseEntry(opening.entry, known);
    believe(entry.number === number, "proof", "the entry bears another number");
  }
  believe(includes(top.size, top.root, number, opening ? recordHash(leaf(opening.salt, opening.entry)) : leafHash, proof), "proof", "the log does not hold it there");
  return { number, size: top.size, opening, cosignatures: top.signed };
};

