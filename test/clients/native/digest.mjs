// Digests and encodings, each in the one spelling that the wire contract has.
import { createHash, createHmac } from "node:crypto";

export const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const hmac = (key, data) => createHmac("sha256", key).update(data).digest();

export const base64 = (bytes) => Buffer.from(bytes).toString("base64");

export const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

// Buffer reads any spelling; only the one that it would write itself counts.
export const fromBase64 = (text, encoding = "base64") => {
  const bytes = Buffer.from(String(text), encoding);
  return bytes.toString(encoding) === text ? bytes : null;
};

export const fromHex = (text) => {
  const bytes = Buffer.from(String(text), "hex");
  return bytes.toString("hex") === text ? bytes : null;
};
