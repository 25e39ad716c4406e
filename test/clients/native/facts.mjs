// Facts: sentences 5, 9 and 10. The published JSON Schemas say nearly all; what
// one member says of another stands in their $comment, and is below.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { schemaOf, shortOf } from "./envelope.mjs";
import { plain, read } from "./json.mjs";
import { Refused } from "./refused.mjs";

const MAX_FACTS = 64 * 1024;

// Catalogue reads the published schemas: one file for each type there is.
export class Catalogue {
  constructor(folder) {
    this.ajv = new Ajv.default({ strict: false, allErrors: true });
    formats.default(this.ajv);
    this.types = [];
    for (const file of readdirSync(folder).filter((f) => f.endsWith(".v1.json"))) {
      this.ajv.addSchema(JSON.parse(readFileSync(join(folder, file), "utf8")));
      this.types.push(`org.handrail.${file.slice(0, -".json".length)}`);
    }
  }

  // facts gives the data of an event as an object, or refuses it.
  facts(type, data) {
    if (data.length > MAX_FACTS) throw new Refused("event-too-large", "", "facts are at most 64 KiB");
    let node;
    try { node = read(data); } catch (cause) { throw new Refused("data-malformed", "", cause.message); }
    if (node.depth > 6 || node.null || node.nul || node.digits > 16) throw new Refused("data-malformed", "", "nested too deeply, null, NUL or too many digits");
    const facts = plain(node);
    const valid = this.ajv.getSchema(schemaOf(type));
    if (!valid(facts)) {
      const { keyword, instancePath, params } = valid.errors[0];
      const missing = keyword === "required" ? `/${params.missingProperty}` : "";
      throw new Refused(["required", "additionalProperties", "type"].includes(keyword) ? "data-malformed" : "data-code", instancePath + missing);
    }
    const [pointer] = between(shortOf(type), facts);
    if (pointer) throw new Refused("data-range", pointer);
    return facts;
  }
}

// times is happened ≤ recorded ≤ time.
export const times = (facts, time) => {
  if (!facts.happened) return;
  if (facts.happened > facts.recorded || facts.recorded > time) throw new Refused("times-order", "/recorded");
};

const witnesses = (listing) => (["auditor", "foreign-mission"].includes(listing.kind)
  ? !listing.witness : Boolean(listing.witness?.split("+")[0].endsWith(`/${listing.agency}`)));

// between lists the pointers of members that contradict one another.
const between = (type, f) => {
  const wrong = [];
  const must = (holds, pointer) => { if (!holds) wrong.push(pointer); };
  if (f.recipient && type.startsWith("consent.")) {
    must(Boolean(f.recipient.agency) !== Boolean(f.recipient.class) && !(f.recipient.agency && f.recipient.except), "/recipient");
  }
  switch (type) {
    case "consent.given": must(f.expires > f.happened, "/expires"); break;
    case "traveldocument.issued": must(f.until > f.happened, "/until"); break;
    case "erasure.confirmed": must((f.answer === "erased") === !f.ground && !f.ground === !f.until, "/ground"); break;
    case "capacity.published":
      must((f.hours ?? []).every((span) => span.slice(-11, -6) < span.slice(-5)), "/hours");
      break;
    case "trail.read":
      must(["replay", "export"].includes(f.what) === Boolean(f.case), "/case");
      must((f.what === "completeness") === Boolean(f.agency), "/agency");
      break;
    case "control.inbox-position":
      must((f.again ?? []).every((n, i, all) => n > (all[i - 1] ?? 0) && n <= f.position), "/again");
      break;
    case "control.checkpoint-cosigned": must((f.size === 0) === !f.checkpoint, "/checkpoint"); break;
    case "directory.listed": must(f.agencies[0].agency !== "hub" && witnesses(f.agencies[0]), "/agencies"); break;
    case "directory.joined":
      must(f.listing.agency !== "hub" && witnesses(f.listing), "/listing");
      must(new Set([f.listing.agency, ...f.vouching.map((v) => v.agency)]).size === f.vouching.length + 1, "/vouching");
      break;
    case "directory.keyed": must(f.listing.agency !== "hub" && witnesses(f.listing), "/listing"); break;
    case "directory.founded": {
      const names = f.agencies.map((a) => a.agency);
      const kinds = new Set(f.agencies.map((a) => a.kind).filter((k) => k !== "auditor"));
      must(new Set(["hub", ...names]).size === names.length + 1 && kinds.size >= 2 && !kinds.has("foreign-mission") && f.agencies.every(witnesses), "/agencies");
    }
  }
  return wrong;
};
