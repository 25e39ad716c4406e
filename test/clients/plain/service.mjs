// How an agency's own system speaks to its agency's service, by agency.openapi.yaml.
import { readFileSync } from "node:fs";

// Problem is an error as the service gives it (RFC 9457).
export class Problem extends Error {
  constructor(status, { rule = "", pointer = "", detail = "" }) {
    super(`${status} ${rule} ${pointer} ${detail}`);
    Object.assign(this, { status, rule, pointer, detail });
  }
}

export class Service {
  constructor(url, tokenFile) {
    this.url = url;
    this.token = readFileSync(tokenFile, "utf8").trim();
  }

  async ask(method, path, { headers = {}, body } = {}) {
    const answer = await fetch(this.url + path, { method, headers: { Authorization: `Bearer ${this.token}`, ...headers }, body });
    const text = await answer.text();
    if (answer.ok) return { status: answer.status, body: JSON.parse(text) };
    if (answer.headers.get("content-type") !== "application/problem+json") throw new Error(`an answer of ${answer.status} that is no problem`);
    throw new Problem(answer.status, JSON.parse(text));
  }

  get(path) { return this.ask("GET", path).then((a) => a.body); }

  post(path, body, { key, type = "application/json", headers = {} } = {}) {
    const more = key ? { "Idempotency-Key": `"${key}"` } : {};
    return this.ask("POST", path, { headers: { "Content-Type": type, ...more, ...headers }, body: JSON.stringify(body) }).then((a) => a.body);
  }

  // say posts plain JSON under a key; lost answers are asked for again under it.
  async say(event, key) {
    for (let pause = 100; ; pause *= 2) {
      try {
        return (await this.post("/v1/events", event, { key })).events[0];
      } catch (cause) {
        const passes = !(cause instanceof Problem) || [500, 503].includes(cause.status);
        if (!passes || pause > 20_000) throw cause;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  sayStructured(event) { return this.post("/v1/events", event, { type: "application/cloudevents+json" }).then((said) => said.events[0]); }

  sayBinary({ data, ...attributes }) {
    const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    return this.post("/v1/events", data, { headers }).then((said) => said.events[0]);
  }
}
