// The broker, by the public clients: publish on in.<agency>, pull from the one
// durable consumer of out.<agency>. An agency has no other right there.
import { connect, credsAuthenticator, headers } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";

const api = "hub.api"; // the prefix of the two requests about the consumer
const again = 500; // milliseconds until what failed is tried again
const hopeless = ["InvalidArgumentError", "PermissionViolationError"]; // too large, or not allowed: trying again changes nothing

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Exchange {
  static async join({ broker, creds, agency }) {
    const connection = await connect({ servers: broker, authenticator: credsAuthenticator(creds), name: `native ${agency}`, maxReconnectAttempts: -1 });
    const exchange = new Exchange();
    Object.assign(exchange, { connection, agency, js: jetstream(connection, { apiPrefix: api }), open: true });
    return exchange;
  }

  // submit stores a message for the hub. That the broker has it means nothing yet:
  // keep the event until the ledger's receipt. While the broker is away, or has too
  // much of this agency's, it is tried again.
  async submit({ headers: pairs, body }) {
    const h = headers();
    for (const [name, value] of pairs) h.append(name, value);
    while (this.open) {
      try {
        await this.js.publish(`in.${this.agency}`, body, { headers: h });
        return;
      } catch (cause) {
        if (hopeless.includes(cause.name)) throw cause;
        await pause(again);
      }
    }
  }

  // reconnected calls then whenever the connection stands again after it was lost.
  async reconnected(then) {
    for await (const { type } of this.connection.status()) if (type === "reconnect") await then();
  }

  // receive calls take for one delivery after the other and acknowledges each that
  // take returned from; what take throws ends it. What is not acknowledged comes again.
  receive(take) {
    this.receiving = this.pull(take);
    return this.receiving;
  }

  async pull(take) {
    while (this.open) {
      let taking = false;
      try {
        const consumer = await this.js.consumers.get("OUT", `out-${this.agency}`);
        for await (const message of await consumer.fetch({ max_messages: 32, expires: 1000 })) {
          const pairs = [...message.headers ?? []].flatMap(([name, values]) => values.map((value) => [name, value]));
          taking = true;
          await take({ headers: pairs, body: Buffer.from(message.data) });
          taking = false;
          message.ack();
        }
      } catch (cause) {
        if (taking) throw cause;
        await pause(again); // the broker is away
      }
    }
  }

  // close ends the pull in hand, and lets the last acknowledgements out.
  async close() {
    this.open = false;
    await this.receiving;
    await this.connection.drain();
  }
}
