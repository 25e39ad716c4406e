// Sealed records: sentences 21 and 22, with node:crypto and nothing else.
import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, timingSafeEqual } from "node:crypto";
import { base64, base64url, fromBase64, hmac, sha256 } from "./digest.mjs";
import { isSealed, MAX_EVENT, shortOf } from "./envelope.mjs";
import { plain, read } from "./json.mjs";
import { Refused } from "./refused.mjs";

const MAX_HEADER = 2048;
const alg = "ECDH-ES+A256KW";
const sections = ["identity", "contact", "needs", "risk", "health", "testimony", "travel", "statistics", "question"];
const purposes = ["accommodation", "counselling", "medical", "legal-aid", "investigation", "consular", "return", "residence", "child-protection", "statistics", "emergency"];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const members = {
  kid: /^[0-9a-f]{64}$/, source: /^urn:handrail:[a-z0-9-]{1,32}:agency:[a-z0-9-]{1,32}$/, id: uuid, to: /^[a-z0-9-]{1,32}$/, case: uuid, referral: uuid,
  purpose: new RegExp(`^(?:${purposes.join("|")})$`), type: /^org\.handrail\.(?:record\.sealed|referral\.asked|referral\.answered)\.v1$/, section: new RegExp(`^(?:${sections.join("|")})$`),
};

export class Disputed extends Error {}

const onCurve = (point) => {
  try { return Boolean(createPublicKey({ key: { kty: "EC", crv: "P-256", x: point.x, y: point.y }, format: "jwk" })); } catch { return false; }
};

// parse reads a record's protected header, or refuses the record.
export const parse = (jwe) => {
  const wrong = (why) => { throw new Refused("record-header", "", why); };
  const parts = String(jwe).split(".").map((part) => fromBase64(part, "base64url"));
  const [header, wrapped, nonce, text, tag] = parts;
  if (jwe.length > MAX_EVENT || parts.length !== 5 || parts.includes(null)) wrong("five parts in base64url without padding");
  if (header.length > MAX_HEADER || wrapped.length !== 40 || nonce.length !== 12 || text.length === 0 || tag.length !== 16) wrong("the length of a part");
  let h;
  try { h = plain(read(header)); } catch { wrong("the header is one JSON object, each member once"); }
  const exactly = (object, names) => Object.keys(object ?? {}).sort().join() === [...names].sort().join();
  if (!exactly(h, ["alg", "enc", "epk", ...Object.keys(members)])) wrong("the members of the header");
  if (h.alg !== alg || h.enc !== "A256GCM") wrong("the algorithms");
  const point = h.epk;
  if (!exactly(point, ["kty", "crv", "x", "y"]) || point.kty !== "EC" || point.crv !== "P-256") wrong("epk");
  if (fromBase64(point.x, "base64url")?.length !== 32 || fromBase64(point.y, "base64url")?.length !== 32 || !onCurve(point)) wrong("epk");
  for (const [name, form] of Object.entries(members)) if (typeof h[name] !== "string" || !form.test(h[name])) wrong(name);
  if ((shortOf(h.type) === "record.sealed") === (h.section === "question")) wrong("a question travels as referral.asked or referral.answered, and nothing else does");
  return h;
};

// ofEvent is parse, and the header agrees with the event that carries it.
export const ofEvent = (event) => {
  const h = parse(event.data.toString("latin1"));
  const a = event.attributes;
  const agrees = isSealed(a.get("type")) && h.type === a.get("type") && h.source === a.get("source") && h.id === a.get("id")
    && h.case === a.get("subject") && h.referral === a.get("correlationid");
  if (!agrees) throw new Refused("record-header", "", "the header and the event's attributes differ");
  return h;
};

// The key-encryption key of RFC 7518, 4.6: one round of the Concat KDF, without
// apu and apv, to 256 bits.
const keyEncryptionKey = (shared) => {
  const length = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
  return sha256(length(1), shared, length(alg.length), alg, length(0), length(0), length(256));
};

const wrapIV = Buffer.alloc(8, 0xa6); // RFC 3394

export const commitment = (salt, section) => hmac(salt, section).toString("hex");

// pointOf and keyOfPoint turn a sealing key's 65 bytes into what node uses, and back.
export const keyOfPoint = (point) => createPublicKey({
  key: { kty: "EC", crv: "P-256", x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) }, format: "jwk",
});
export const pointOf = (key) => {
  const { x, y } = createPublicKey(key).export({ format: "jwk" });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
};
export const privateOfJWK = (jwk) => createPrivateKey({ key: jwk, format: "jwk" });

// seal encrypts the text of one section, a JSON object, to the recipient's point.
export const seal = (point, header, section) => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const protectedHeader = base64url(JSON.stringify({
    alg, enc: "A256GCM", epk: { kty: "EC", crv: "P-256", x, y }, kid: sha256(point).toString("hex"), ...header,
  }));
  const kek = keyEncryptionKey(diffieHellman({ privateKey, publicKey: keyOfPoint(point) }));
  const [key, nonce, salt] = [randomBytes(32), randomBytes(12), randomBytes(32)];
  const wrapping = createCipheriv("id-aes256-wrap", kek, wrapIV);
  const wrapped = Buffer.concat([wrapping.update(key), wrapping.final()]);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(protectedHeader));
  const text = Buffer.concat([cipher.update(`{"salt":"${base64(salt)}","section":${section}}`), cipher.final()]);
  return { jwe: [protectedHeader, ...[wrapped, nonce, text, cipher.getAuthTag()].map(base64url)].join("."), plaincommit: commitment(salt, section) };
};

// open gives the section's text, or throws Disputed: answer that with record.disputed.
export const open = (privateKey, jwe, plaincommit) => {
  const header = parse(jwe);
  const [protectedHeader, ...rest] = String(jwe).split(".");
  const [wrapped, nonce, text, tag] = rest.map((part) => Buffer.from(part, "base64url"));
  let node;
  try {
    const publicKey = createPublicKey({ key: header.epk, format: "jwk" });
    const unwrapping = createDecipheriv("id-aes256-wrap", keyEncryptionKey(diffieHellman({ privateKey, publicKey })), wrapIV);
    const key = Buffer.concat([unwrapping.update(wrapped), unwrapping.final()]);
    const cipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(protectedHeader)).setAuthTag(tag);
    node = read(Buffer.concat([cipher.update(text), cipher.final()]));
  } catch { throw new Disputed("it does not open"); }
  const salt = fromBase64(node.value.get?.("salt")?.value);
  const section = node.value.get?.("section");
  if (node.value.size !== 2 || salt?.length !== 32 || !(section?.value instanceof Map)) throw new Disputed("it holds no salted section");
  const found = Buffer.from(commitment(salt, section.raw));
  if (found.length !== plaincommit.length || !timingSafeEqual(found, Buffer.from(plaincommit))) throw new Disputed("it holds another section");
  return section.raw;
};
