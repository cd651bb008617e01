// The settings of all websites, from the NATS that `crisp-sync serve --store` fills.
// npm install @nats-io/transport-node @nats-io/kv
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";

const connection = await connect({ servers: process.env.NATS_URL, maxReconnectAttempts: -1 });
const bucket = await new Kvm(connection).open(`crisp-${process.env.CRISP_STORE_NAME}`);
const settings = new Map();

for await (const entry of await bucket.watch({ key: "website.*" })) {
  const id = entry.key.slice("website.".length);
  const website = entry.operation === "PUT" ? entry.json() : {};
  if (website.settings) settings.set(id, website.settings);
  else settings.delete(id);
  console.log(id, JSON.stringify(settings.get(id) ?? null));
}
