// The envelope: sentences 1 to 8 and 11 to 12 of the wire contract. An event here
// is { attributes: Map of name to value, data: Buffer }.
import { read } from "./json.mjs";
import { Refused } from "./refused.mjs";

export const MAX_EVENT = 768 * 1024;
const MAX_VALUE = 1024;
const MAX_HEADERS = 64;

const name = "[a-z0-9-]{1,32}";
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const whole = (pattern) => new RegExp(`^(?:${pattern})$`);

// The attributes in the contract's order, each with its closed syntax.
const syntax = new Map([
  ["id", whole(uuid)],
  ["source", whole(`urn:handrail:${name}:agency:${name}`)],
  ["specversion", /^1\.0$/],
  ["type", /^org\.handrail\.[a-z-]{1,24}\.[a-z-]{1,24}\.v[1-9]$/],
  ["datacontenttype", /^application\/(?:json|jose)$/],
  ["dataschema", /^urn:handrail:schema:[a-z-]{1,24}\.[a-z-]{1,24}\.v[1-9]$/],
  ["subject", whole(`${name}|${uuid}`)],
  ["time", /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/],
  ["hub", whole(`handrail/${name}`)],
  ["sequence", /^[0-9]{20}$/],
  ["correlationid", whole(uuid)],
  ["causationid", whole(uuid)],
  ["traceparent", /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/],
  ["plaincommit", /^[0-9a-f]{64}$/],
  ["dssematerial", /^[A-Za-z0-9+/]{16}[A-Za-z0-9+/]*={0,2}$/],
]);
export const order = [...syntax.keys()];
export const core = order.slice(0, 8);

const sealedTypes = ["record.sealed", "referral.asked", "referral.answered"];
export const typeOf = (short) => `org.handrail.${short}.v1`;
export const shortOf = (type) => type.replace(/^org\.handrail\./, "").replace(/\.v[0-9]$/, "");
export const isControl = (type) => shortOf(type).startsWith("control.");
export const isSealed = (type) => sealedTypes.includes(shortOf(type));
export const schemaOf = (type) => `urn:handrail:schema:${type.slice("org.handrail.".length)}`;
export const agencyOf = (event) => event.attributes.get("source").split(":").at(-1);

// aboutAgency: the subject is an agency's id, not a case's.
const aboutAgency = (type) => {
  const [thing] = shortOf(type).split(".");
  return ["directory", "control", "capacity", "trail", "retention", "witness"].includes(thing);
};

export const caseOf = (event) => (aboutAgency(event.attributes.get("type")) ? "" : event.attributes.get("subject"));

export const referralOf = (event) => {
  const a = event.attributes;
  if (a.get("type") === typeOf("referral.requested")) return a.get("id");
  return [a.get("subject"), a.get("id")].includes(a.get("correlationid")) ? "" : a.get("correlationid");
};

// signedExtensions is sentence 15.
export const signedExtensions = (type) => [
  "hub", ...(isControl(type) ? [] : ["sequence"]), "correlationid", "causationid", "traceparent", ...(isSealed(type) ? ["plaincommit"] : []),
];

// parse judges the envelope and gives the event with its attributes in order.
// known lists the types of the catalogue.
export const parse = (pairs, data, known) => {
  const given = new Map();
  let weight = data.length;
  for (const [attribute, text] of pairs) {
    if (!syntax.has(attribute)) throw new Refused("attribute-unknown", "", "send only the contract's attributes");
    if (given.has(attribute)) throw new Refused("attribute-repeated", `attribute ${attribute}`);
    if (text.length > MAX_VALUE || !syntax.get(attribute).test(text)) throw new Refused("attribute-syntax", `attribute ${attribute}`);
    given.set(attribute, text);
    weight += attribute.length + text.length;
  }
  if (weight > MAX_EVENT) throw new Refused("event-too-large", "", "an event weighs at most 768 KiB");
  const required = [...core, ...signedExtensions(given.get("type") ?? ""), "dssematerial"];
  for (const attribute of required) if (!given.has(attribute)) throw new Refused("attribute-missing", `attribute ${attribute}`);
  if (given.size !== required.length) throw new Refused("attribute-unknown", "", "events of this type have no such attribute");
  const event = { attributes: new Map(required.map((a) => [a, given.get(a)])), data };
  consistent(event, known);
  return event;
};

const consistent = ({ attributes: a }, known) => {
  const type = a.get("type");
  const wrong = (attribute) => { throw new Refused("attribute-syntax", `attribute ${attribute}`); };
  if (!isTime(a.get("time"))) wrong("time");
  if (!known.includes(type)) throw new Refused("type-unknown", "attribute type");
  if (a.has("sequence") && (BigInt(a.get("sequence")) === 0n || BigInt(a.get("sequence")) >= 1n << 64n)) wrong("sequence");
  const [, , hub, , agency] = a.get("source").split(":");
  if (a.get("hub") !== `handrail/${hub}`) throw new Refused("hub-mismatch", "attribute hub");
  if (a.get("dataschema") !== schemaOf(type)) wrong("dataschema");
  if (a.get("datacontenttype") !== (isSealed(type) ? "application/jose" : "application/json")) wrong("datacontenttype");
  const subject = a.get("subject");
  if (aboutAgency(type) ? subject.length > 32 : subject.length !== 36) wrong("subject");
  const short = shortOf(type);
  if (["capacity.published", "directory.keyed", "witness.reset"].includes(short) && subject !== agency) wrong("subject");
  if (["directory.founded", "retention.ended"].includes(short) !== (subject === "hub") && !isControl(type)) wrong("subject");
};

export const isTime = (text) => {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text.replace("Z", ".000Z");
};

export const now = () => `${new Date().toISOString().slice(0, 19)}Z`;

// toMessage is binary mode: one header for each attribute, the data as the body.
export const toMessage = (event) => ({ headers: order.filter((a) => event.attributes.has(a)).map((a) => [`ce-${a}`, event.attributes.get(a)]), body: event.data });

const lower = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase()); // ASCII only: the Kelvin sign is no k

// fromMessage reads a message in binary or structured mode.
export const fromMessage = ({ headers, body }, known) => {
  if (headers.length > MAX_HEADERS) throw new Refused("event-too-large", "", "a message has at most 64 headers");
  const attributes = headers.filter(([h]) => lower(h).startsWith("ce-")).map(([h, v]) => [lower(h).slice(3), v]);
  const weight = attributes.reduce((sum, [a, v]) => sum + a.length + Buffer.byteLength(v), body.length);
  if (weight > MAX_EVENT) throw new Refused("event-too-large", "", "an event weighs at most 768 KiB");
  const content = headers.filter(([h]) => lower(h) === "content-type").map(([, v]) => lower(v));
  if (content.length > 1) throw new Refused("attribute-repeated", "header content-type");
  const [kind, charset = ""] = (content[0] ?? "").split(/;(.*)/s).map((part) => part.trim());
  if (!kind.startsWith("application/cloudevents")) return parse(attributes, body, known);
  if (!["application/cloudevents", "application/cloudevents+json"].includes(kind) || !["", "charset=utf-8"].includes(charset)) {
    throw new Refused("attribute-syntax", "header content-type");
  }
  if (attributes.length > 0) throw new Refused("attribute-repeated", "header content-type", "a structured message has its attributes in the body");
  return structured(body, known);
};

const structured = (body, known) => {
  let node;
  try { node = read(body); } catch (cause) {
    throw new Refused(cause.message === "a name stands twice" ? "attribute-repeated" : "data-malformed");
  }
  if (!(node.value instanceof Map)) throw new Refused("data-malformed");
  if (node.value.has("data_base64")) throw new Refused("data-malformed", "/data_base64");
  const data = node.value.get("data");
  const pairs = [...node.value].filter(([a]) => a !== "data").map(([a, v]) => [a, typeof v.value === "string" ? v.value : ""]);
  const event = parse(pairs, Buffer.from(data?.raw ?? ""), known);
  if (!isSealed(event.attributes.get("type"))) return event;
  if (typeof data?.value !== "string") throw new Refused("data-malformed", "/data", "a sealed record's data is a JSON string");
  return { ...event, data: Buffer.from(data.value) };
};
