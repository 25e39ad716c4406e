// The webhook of an agency's own system: signed by Standard Webhooks, taken once
// per id, in the order of the hub's numbers.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";

const TOLERANCE = 5 * 60; // seconds

export class Deliveries {
  constructor(secretFile) {
    this.key = Buffer.from(readFileSync(secretFile, "utf8").trim().replace(/^whsec_/, ""), "base64");
    this.ids = new Set();
    this.taken = [];
    this.waiting = [];
  }

  // listen takes deliveries until close.
  listen(port) {
    this.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.writeHead(this.take(request.headers, Buffer.concat(parts))).end();
      });
    });
    return new Promise((resolve) => { this.server.listen(port, "127.0.0.1", resolve); });
  }

  close() { this.server.close(); }

  // take gives the status to answer with.
  take(headers, body) {
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = headers;
    if (!this.genuine(id, at, signatures, body)) return 401;
    if (this.ids.has(id)) return 204;
    const { type, data } = JSON.parse(body.toString("utf8"));
    const last = this.taken.at(-1)?.number ?? 0;
    if (data.number !== last + 1 || type !== `handrail.delivery.${data.kind}`) return 409;
    this.ids.add(id);
    this.taken.push(data);
    this.waiting = this.waiting.filter((wish) => !wish(data));
    return 204;
  }

  genuine(id, at, signatures, body) {
    if (!id || !signatures || !(Math.abs(Date.now() / 1000 - Number(at)) <= TOLERANCE)) return false;
    const wanted = createHmac("sha256", this.key).update(`${id}.${at}.`).update(body).digest();
    return signatures.split(" ").some((one) => {
      const [version, value] = one.split(",");
      const given = Buffer.from(value ?? "", "base64");
      return version === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
    });
  }

  // when gives the first delivery that fits, taken already or to come.
  when(fits) {
    const before = this.taken.find(fits);
    if (before) return Promise.resolve(before);
    return new Promise((resolve) => {
      this.waiting.push((data) => fits(data) && (resolve(data), true));
    });
  }

  answer(id) { return this.when((d) => d.submission === id); }

  heard(type, referral) { return this.when((d) => d.event?.type === type && d.event.correlationid === referral); }
}
