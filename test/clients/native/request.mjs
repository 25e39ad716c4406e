// Signed HTTP requests to the hub: sentence 28.
import { randomBytes } from "node:crypto";
import { base64url, sha256 } from "./digest.mjs";
import { keyID, publicOf, signBytes, verifyBytes } from "./signature.mjs";
import { Refused } from "./refused.mjs";

export const authorization = ({ key, agency, origin, method, target, body = "", now = Date.now(), jti = base64url(randomBytes(16)) }) => {
  const header = { alg: "EdDSA", kid: keyID(publicOf(key)), typ: "handrail-request+jwt" };
  const claims = { iss: agency, aud: origin, htm: method, htu: target, iat: Math.floor(now / 1000), jti, ath: base64url(sha256(body)) };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  return `Handrail ${signed}.${base64url(signBytes(key, signed))}`;
};

// verify is what the hub does; a client needs it only to test itself.
export const verify = (authorizationHeader, { raw, origin, method, target, body, now }) => {
  const [scheme, jws] = authorizationHeader.split(" ");
  const wrong = (rule) => { throw new Refused(rule, "header Authorization"); };
  if (scheme !== "Handrail") wrong("data-malformed");
  const [header, claims, signature] = jws.split(".").map((part) => Buffer.from(part, "base64url"));
  if (!verifyBytes(raw, jws.slice(0, jws.lastIndexOf(".")), signature)) wrong("signature-invalid");
  const c = JSON.parse(claims);
  if (Math.abs(now / 1000 - c.iat) > 60) wrong("time-ahead");
  if (c.aud !== origin || c.htm !== method || c.htu !== target || c.ath !== base64url(sha256(body))) wrong("signature-invalid");
  return { header: header.toString(), claims: claims.toString(), jti: c.jti };
};
