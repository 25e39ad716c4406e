// What the hub records: sentences 23, 26, 30 and 31. Signed notes, checkpoints,
// the RFC 6962 tree, and the bytes of an entry.
import { base64, fromBase64, fromHex, hmac, sha256 } from "./digest.mjs";
import { agencyOf, isControl, parse } from "./envelope.mjs";
import { believe } from "./refused.mjs";
import { signBytes, verifyBytes } from "./signature.mjs";

const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
const ED25519 = 1;
const COSIGNATURE = 4; // C2SP tlog-cosignature

// verifierKey reads a key in signed-note form: <name>+<8 hexadecimal>+<base64>.
export const verifierKey = (text) => {
  const [, name, id, key] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? [];
  const raw = key && fromBase64(key);
  believe(raw && noteID(name, raw) === id && [ED25519, COSIGNATURE].includes(raw[0]), "form", "not a key in signed-note form");
  return { name, id, kind: raw[0], raw: raw.subarray(1) };
};

const noteID = (name, key) => sha256(name, "\n", key).subarray(0, 4).toString("hex");

// hubKey is the key that signs deliveries, from the hub's public key in the directory.
export const hubKey = (hub, raw) => {
  const name = `handrail/${hub}/hub`;
  return { name, id: noteID(name, Buffer.concat([Buffer.from([ED25519]), raw])), kind: ED25519, raw };
};

const cosigned = (text, at) => `cosignature/v1\ntime ${at}\n${text}`;

const verifies = (key, text, signature) => {
  if (key.kind === ED25519) return verifyBytes(key.raw, text, signature);
  return signature.length === 72 && verifyBytes(key.raw, cosigned(text, signature.readBigUInt64BE()), signature.subarray(8));
};

// openNote gives the note's text and which of the keys signed it. A bad signature
// of one of them makes the whole note malformed; those of others are not judged.
export const openNote = (note, keys, check) => {
  const cut = note.lastIndexOf("\n\n");
  believe(note.length <= 24 * 1024 && cut >= 0 && note.endsWith("\n") && !/[\u0000-\u0009\u000b-\u001f]/.test(note), check, "not a signed note");
  const text = note.slice(0, cut + 1);
  const signed = new Map();
  for (const line of note.slice(cut + 2, -1).split("\n")) {
    const [, name, written] = /^\u2014 ([^+\s]+) (\S+)$/.exec(line) ?? [];
    const bytes = written && fromBase64(written);
    believe(bytes && bytes.length >= 5, check, "not a line of a signature");
    const key = keys.find((k) => k.name === name && k.id === bytes.subarray(0, 4).toString("hex"));
    if (!key) continue;
    believe(verifies(key, text, bytes.subarray(4)), check, "a signature is bad");
    signed.set(key.name, bytes.subarray(4));
  }
  return { text, signed };
};

// cosign adds a witness's line to a note that the log signed.
export const cosign = (note, name, key, raw, at) => {
  const text = note.slice(0, note.lastIndexOf("\n\n") + 1);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const id = Buffer.from(noteID(name, Buffer.concat([Buffer.from([COSIGNATURE]), raw])), "hex");
  return `${note}\u2014 ${name} ${base64(Buffer.concat([id, time, signBytes(key, cosigned(text, at))]))}\n`;
};

// checkpoint reads one that the pinned log signed.
export const checkpoint = (note, logKey, witnesses = []) => {
  const { text, signed } = openNote(note, [logKey, ...witnesses], "checkpoint");
  const [origin, size, root, rest, more] = text.split("\n");
  const hash = fromBase64(root ?? "");
  believe(signed.has(logKey.name) && origin === logKey.name && rest === "" && more === undefined, "checkpoint", "not signed by the log, or of another form");
  believe(/^(0|[1-9][0-9]{0,15})$/.test(size) && Number(size) <= MAX_NUMBER && hash?.length === 32, "checkpoint", "its size or its root");
  return { origin, size: Number(size), root: hash, signed };
};

export const recordHash = (leaf) => sha256(Buffer.from([0]), leaf);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);
const half = (n) => Math.floor(n / 2);

// rootFrom walks an inclusion proof from a leaf to the root (RFC 9162, 2.1.3.2).
export const includes = (size, root, number, leafHash, proof) => {
  if (!(number < size) || !Number.isSafeInteger(number) || number < 0) return false;
  let [node, last, hash] = [number, size - 1, leafHash];
  for (const next of proof) {
    if (last === 0 || next.length !== 32) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(next, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, next);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
};

// goesOn checks an RFC 6962 consistency proof (RFC 9162, 2.1.4.2).
export const goesOn = (old, fresh, proof) => {
  if (old.size === 0 || old.size === fresh.size) return proof.length === 0 && (old.size === 0 ? old.root.equals(sha256("")) && (fresh.size > 0 || fresh.root.equals(old.root)) : old.root.equals(fresh.root));
  if (old.size > fresh.size || proof.length === 0) return false;
  const path = Number.isInteger(Math.log2(old.size)) ? [old.root, ...proof] : proof;
  let [node, last] = [old.size - 1, fresh.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [before, after] = [path[0], path[0]];
  for (const next of path.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [before, after] = [nodeHash(next, before), nodeHash(next, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      after = nodeHash(after, next);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && before.equals(old.root) && after.equals(fresh.root);
};

// leaf is what the log stores of an entry, under its salt.
export const leaf = (salt, entry) => Buffer.concat([Buffer.from("handrail-leaf v1\n"), hmac(salt, entry)]);

const form = {
  number: /^(0|[1-9][0-9]{0,15})$/, admitted: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$/, submitter: /^[a-z0-9-]{1,32}$/,
  rule: /^[a-z][a-z0-9-]{0,47}$/, pointer: /^(?:attribute [a-z]{1,20}|(?:\/[A-Za-z0-9_-]{1,32}){1,8})$/, case: /^[0-9a-f-]{14}7[0-9a-f-]{21}$/,
  profile: /^[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,5}$/, clause: /^[A-Za-z0-9][A-Za-z0-9.()-]{0,31}$/, semantics: /^[1-9][0-9]{0,9}$/, digest: /^[0-9a-f]{64}$/,
};

// parseEntry reads entry bytes: lines in a fixed order, of which one entry has one form.
export const parseEntry = (text, known) => {
  const rest = text.split("\n");
  believe(text.length <= 8192 && rest.pop() === "", "form", "an entry ends with a line feed");
  const peek = (name) => rest[0]?.startsWith(`${name} `);
  const take = (name, syntax) => {
    believe(peek(name), "form", `the line ${name}`);
    const value = rest.shift().slice(name.length + 1);
    believe(syntax.test(value), "form", `the line ${name}`);
    return value;
  };
  const maybe = (name, syntax) => (peek(name) ? take(name, syntax) : "");
  take("handrail-entry", /^v1$/);
  const e = { number: Number(take("number", form.number)), admitted: take("admitted", form.admitted), verdict: take("verdict", /^(?:admitted|refused)$/), submitter: take("submitter", form.submitter) };
  believe(!Number.isNaN(Date.parse(e.admitted)) && e.number <= MAX_NUMBER, "form", "a time, or a number");
  if (e.verdict === "refused") {
    e.rule = take("rule", form.rule);
    if (e.rule === "refusal-flood") {
      e.refusals = Number(take("refusals", form.number));
      e.root = fromHex(take("refusals-root", form.digest));
      believe(e.refusals >= 2, "form", "a flood is of two at least");
    } else {
      Object.assign(e, { pointer: maybe("pointer", form.pointer), case: maybe("case", form.case), salted: fromHex(take("salted-digest", form.digest)) });
    }
  } else {
    Object.assign(e, { profile: take("profile", form.profile), clause: maybe("clause", form.clause), semantics: Number(take("semantics", form.semantics)) });
    const pairs = [];
    while (rest[0]?.startsWith("ce-")) pairs.push([rest[0].slice(3, rest[0].indexOf(" ")), rest.shift().replace(/^\S+ /, "")]);
    e.dataDigest = fromHex(take("data-sha256", form.digest));
    if (peek("previous-number")) e.previous = { number: Number(take("previous-number", form.number)), leaf: fromHex(take("previous-leaf", form.digest)) };
    try { e.event = parse(pairs, Buffer.alloc(0), known); } catch (cause) { believe(false, "form", cause.message); }
    believe([...e.event.attributes.keys()].join() === pairs.map(([name]) => name).join(), "form", "attributes in another order");
    believe(!isControl(e.event.attributes.get("type")) && agencyOf(e.event) === e.submitter && !(e.previous?.number >= e.number), "form", "one line contradicts another");
  }
  believe(rest.length === 0, "form", "a line more");
  return e;
};

// submissionDigest identifies a submission as it arrived.
export const submissionDigest = ({ attributes, data }) => sha256(
  ...[...attributes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, value]) => [sha256(name), sha256(value)]), sha256(data));

export const refusalLeaf = (rule, pointer, salted) => `handrail-refusal v1\nrule ${rule}\n${pointer ? `pointer ${pointer}\n` : ""}salted-digest ${salted.toString("hex")}\n`;
