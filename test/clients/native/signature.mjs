// Who said it: sentences 14 to 16, and the line that an agency has in the
// directory. A key is Ed25519; its public half is given in base64 of 32 bytes.
import { createPrivateKey, createPublicKey, sign as ed25519, verify as ed25519Verify } from "node:crypto";
import { core, signedExtensions } from "./envelope.mjs";
import { base64, base64url, fromBase64, sha256 } from "./digest.mjs";
import { Refused } from "./refused.mjs";

const payloadType = "https://cloudevents.io/verifiability/dsse/v0.1";
const pkcs8Seed = Buffer.from("302e020100300506032b657004220420", "hex"); // what stands before the seed in PKCS#8

export const privateKey = (seed) => createPrivateKey({ key: Buffer.concat([pkcs8Seed, seed]), format: "der", type: "pkcs8" });

export const publicOf = (key) => Buffer.from(createPublicKey(key).export({ format: "jwk" }).x, "base64url");

export const keyID = (raw) => sha256(raw).toString("hex");

export const signBytes = (key, bytes) => ed25519(null, bytes, key);

// The encodings of points whose order divides 8: under such a key anybody can sign.
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

export const verifyBytes = (raw, bytes, signature) => {
  if (raw?.length !== 32 || signature?.length !== 64) return false;
  const unsigned = Buffer.concat([raw.subarray(0, 31), Buffer.from([raw[31] & 0x7f])]).toString("hex");
  if (smallOrder.includes(unsigned)) return false;
  return ed25519Verify(null, bytes, createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: base64url(raw) }, format: "jwk" }), signature);
};

// payload is the verification material: C is SHA-256 over the SHA-256 of each core
// attribute's value, in the contract's order, and of the data; E the same over the
// signed extensions.
export const payload = ({ attributes, data }) => {
  const signed = signedExtensions(attributes.get("type"));
  const digests = (names) => names.map((a) => sha256(attributes.get(a)));
  return JSON.stringify({ core: base64(sha256(...digests(core), sha256(data))), ext: base64(sha256(...digests(signed))), signedextattrs: signed });
};

export const preAuthentication = (text) => `DSSEv1 ${payloadType.length} ${payloadType} ${text.length} ${text}`;

const material = (text, keyid, signature) => base64(JSON.stringify({
  payload: base64(text), payloadType, signatures: [{ keyid, sig: base64(signature) }],
}));

// sign sets the event's dssematerial, the last of its attributes.
export const sign = (event, key) => {
  const text = payload(event);
  event.attributes.delete("dssematerial");
  event.attributes.set("dssematerial", material(text, keyID(publicOf(key)), signBytes(key, preAuthentication(text))));
  return event;
};

// claim reads which key the event says it is signed with; empty if it says none.
export const claim = (event) => {
  try {
    const [{ keyid, sig }] = JSON.parse(Buffer.from(event.attributes.get("dssematerial"), "base64")).signatures;
    return { keyid, signature: fromBase64(sig) };
  } catch { return { keyid: "", signature: null }; }
};

// verify builds the bytes anew from the event and compares: one form, nothing more.
export const verify = (event, raw) => {
  const { keyid, signature } = claim(event);
  const text = payload(event);
  const good = signature !== null && keyid === keyID(raw) && event.attributes.get("dssematerial") === material(text, keyid, signature)
    && verifyBytes(raw, preAuthentication(text), signature);
  if (!good) throw new Refused("signature-invalid", "attribute dssematerial");
};

// proofText is what an agency signs to enter the directory.
export const proofText = (origin, l) => `handrail listing v1\n${[origin, l.agency, l.kind, l.signing, l.sealing, l.witness ?? ""].join("\n")}\n`;

export const checkListing = (origin, l) => {
  const wrong = (member) => { throw new Refused("key-unknown", `/${member}`); };
  const signing = fromBase64(l.signing);
  const sealing = fromBase64(l.sealing);
  if (signing?.length !== 32) wrong("signing");
  if (sealing?.length !== 65 || sealing[0] !== 4) wrong("sealing");
  if (l.witness && !l.witness.startsWith(`${origin}/${l.agency}+`)) wrong("witness");
  if (!verifyBytes(signing, proofText(origin, l), fromBase64(l.proof))) wrong("proof");
};
