// Who takes part, with which keys, since which entry of the log: sentences 34 to
// 39. Nothing that the hub records of the directory is believed unchecked.
import { fromBase64, sha256 } from "./digest.mjs";
import { shortOf } from "./envelope.mjs";
import { believe, Refused } from "./refused.mjs";
import { checkListing, keyID, proofText, verifyBytes } from "./signature.mjs";

const MOST = 128; // agencies in a directory
const never = ["hub", "auditor", "foreign-mission"]; // kinds that vouch for nobody

// listingDigest is what people compare when an agency joins.
export const listingDigest = (origin, listing) => sha256(proofText(origin, listing)).toString("hex");

// vouchingText is what an agency signs to vouch for another's listing.
export const vouchingText = (origin, listing, by) => `handrail vouching v1\n${origin}\n${listingDigest(origin, listing)}\n${by}\n`;

// vouches says whether a vouching is by a key, for a listing.
export const vouches = (origin, listing, vouching, raw) => keyID(raw) === vouching.key
  && verifyBytes(raw, vouchingText(origin, listing, vouching.agency), fromBase64(vouching.signature));

const must = (holds, rule, pointer, why) => { if (!holds) throw new Refused(rule, pointer, why); };
const keysOf = (l) => [l.signing, l.sealing, l.witness].filter(Boolean);

export class Directory {
  // The pins were compared with other people, by voice or on paper, when the
  // agency joined: the hub alone is not believed.
  constructor(pins, data) {
    const founded = JSON.parse(data);
    believe(sha256(data).toString("hex") === pins.genesis, "genesis", "it is not the pinned one");
    believe(founded.log === pins.logKey && founded.signing === pins.hubKey, "genesis", "its keys are not the pinned ones");
    this.origin = pins.logKey.split("+")[0];
    this.members = new Map();
    this.used = new Set([founded.signing]);
    this.shown = new Set(); // to which mission which agency was shown
    this.mission = founded.agencies[0].kind === "foreign-mission"; // which is told of nobody but whom it knows
    this.members.set("hub", { kind: "hub", standing: "active", keys: [{ id: keyID(fromBase64(founded.signing)), raw: fromBase64(founded.signing), behind: -1 }], sealings: [] });
    for (const listing of founded.agencies) {
      checkListing(this.origin, listing);
      this.list(listing, -1);
    }
  }

  // list makes the keys of a listing those that count behind an entry. One that
  // stays goes on. ended is what becomes of what was sealed to the earlier ones.
  list(listing, behind, ended = "replaced") {
    const old = this.members.get(listing.agency);
    must(old || this.members.size <= MOST, "data-range", "/listing", "a directory lists at most 128 agencies");
    const [signing, sealing] = [listing.signing, listing.sealing].map((key) => ({ id: keyID(fromBase64(key)), raw: fromBase64(key) }));
    const keys = (old?.keys ?? []).map((k) => (k.until === undefined && k.id !== signing.id ? { ...k, until: behind } : k));
    const sealings = (old?.sealings ?? []).map((k) => (k.id !== sealing.id && k.ended !== "lost" ? { ...k, ended } : k));
    if (!keys.some((k) => k.id === signing.id)) keys.push({ ...signing, behind });
    if (!sealings.some((k) => k.id === sealing.id)) sealings.push(sealing);
    for (const key of keysOf(listing)) this.used.add(key);
    this.members.set(listing.agency, { kind: listing.kind, first: old?.first ?? listing, listing, keys, sealings, standing: "active" });
  }

  // apply takes in what an entry of the log says of the directory, or refuses it.
  apply(entry, { source, type, subject }, facts) {
    const short = shortOf(type);
    if (!short.startsWith("directory.")) return;
    const speaker = source.split(":").at(-1);
    const member = this.members.get(subject);
    must(speaker === (short === "directory.keyed" ? subject : "hub"), "source-mismatch", "attribute source", "the hub says it, and of its own keys the agency");
    must(subject !== "hub", "data-range", "attribute subject", "never of the hub");
    must(member || ["directory.listed", "directory.joined"].includes(short), "key-unknown", "attribute subject", "it is not in the directory");
    switch (short) {
      case "directory.listed": this.show(entry, subject, facts.agencies[0]); break;
      case "directory.joined": this.join(entry, subject, member, facts); break;
      case "directory.keyed": this.replace(entry, subject, member, facts.listing); break;
      case "directory.suspended": this.turn(member, ["active"], "suspended"); break;
      case "directory.resumed": this.turn(member, ["suspended"], "active"); break;
      case "directory.revoked":
        this.turn(member, ["active", "suspended"], "revoked");
        member.keys = member.keys.map((k) => (k.until === undefined ? { ...k, until: entry } : k));
        member.sealings = member.sealings.map((k) => ({ ...k, ended: "lost" }));
    }
  }

  turn(member, from, to) {
    must(from.includes(member.standing), "agency-standing", "attribute subject", "it does not stand so");
    member.standing = to;
  }

  // show: a mission is listed itself, or an agency is shown to it, once and as it
  // was listed first; what followed comes after, under its own number.
  show(entry, subject, listing) {
    checkListing(this.origin, listing);
    const known = this.members.get(listing.agency);
    must(!this.shown.has(`${subject} ${listing.agency}`), "data-range", "/agencies", "it was shown before");
    must(known ? JSON.stringify(known.first) === JSON.stringify(listing) : this.mission || listing.agency === subject, "data-range", "/agencies", "not as it was listed first");
    this.shown.add(`${subject} ${listing.agency}`);
    if (!known) this.list(listing, -1);
  }

  join(entry, subject, member, { listing, vouching }) {
    checkListing(this.origin, listing);
    must(listing.agency === subject, "source-mismatch", "/listing/agency", "it is about another");
    must(!member || member.kind === listing.kind, "data-range", "/listing/kind", "an agency's kind never changes");
    must(keysOf(listing).every((key) => !this.used.has(key)), "key-reused", "/listing", "every key is new");
    if (!this.mission) this.vouched(entry, listing, vouching);
    this.list(listing, entry, "lost");
  }

  // vouched: agencies of two kinds, which take part, stand for keys that are new.
  vouched(entry, listing, vouching) {
    const kinds = new Set();
    for (const v of vouching) {
      const by = this.members.get(v.agency);
      const key = this.signer(v.agency, v.key, entry + 1); // the key that it has now
      must(by?.standing === "active" && !never.includes(by.kind) && key && vouches(this.origin, listing, v, key), "vouching", "/vouching", "not the word of an agency that takes part");
      kinds.add(by.kind);
    }
    must(kinds.size >= 2, "vouching", "/vouching", "agencies of two kinds vouch");
  }

  replace(entry, subject, member, listing) {
    must(member.standing === "active", member.standing === "suspended" ? "agency-suspended" : "key-unknown", "", "it takes no part");
    checkListing(this.origin, listing);
    must(listing.agency === subject, "source-mismatch", "/listing/agency", "an agency replaces its own keys");
    must(listing.kind === member.kind, "data-range", "/listing/kind", "an agency's kind never changes");
    const fresh = ["signing", "sealing", "witness"].filter((k) => listing[k] && listing[k] !== member.listing[k]);
    must(fresh.length > 0 && fresh.every((k) => !this.used.has(listing[k])), "key-reused", "/listing", "one key at least is new, and none was listed before");
    this.list(listing, entry);
  }

  // signer is a key that counts for an entry: listed ahead of it, and not replaced
  // ahead of it.
  signer(agency, id, entry) {
    return this.members.get(agency)?.keys.find((k) => k.id === id && k.behind < entry && (k.until === undefined || entry <= k.until))?.raw;
  }

  // sealing is the key to seal to now; nothing for an agency that left.
  sealing(agency) {
    return this.members.get(agency)?.sealings.find((k) => !k.ended)?.raw;
  }

  // sealedTo judges a record by the key that it is sealed to: the rule that refuses
  // a new one, if any, and whether one that waits may still be released.
  sealedTo(agency, id) {
    const key = this.members.get(agency)?.sealings.find((k) => k.id === id);
    if (!key) return { rule: "record-header", released: false };
    return { ...(key.ended && { rule: "key-replaced" }), released: key.ended !== "lost" };
  }
}
