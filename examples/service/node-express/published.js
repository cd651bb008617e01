// The settings of all websites, from the Redis or NATS that `crisp-sync serve --store` fills.
//
// @ts-check

"use strict";

const { setTimeout: sleep } = require("node:timers/promises");

const PAUSE_MS = 100;

/** @typedef {{ id: string, token?: string, settings: Record<string, unknown> }} Website */

class Published {
  /** @type {Map<string, Website>} */
  websites = new Map();
  /** Of the last batch that was applied; 0: none. */
  version = 0;

  get isLoaded() {
    return this.version > 0;
  }

  /** @param {string} id @param {any} value */
  apply(id, value) {
    if (value?.settings) this.websites.set(id, { id, token: value.token, settings: value.settings });
    else this.websites.delete(id);
  }
}

/**
 * From Redis: asks for what changed, whenever a message comes.
 *
 * @param {string} url @param {string} name
 */
function fromRedis(url, name) {
  const { createClient } = require("redis");
  const held = new Published();
  const prefix = `crisp:${name}`;
  const redis = createClient({ url }).on("error", () => {});

  async function catchUp() {
    // Read before the rest: what is published meanwhile is asked for again.
    const version = Number((await redis.get(`${prefix}:version`)) ?? 0);
    const ids = await redis.zRange(`${prefix}:websites`, `(${held.version}`, "+inf", { BY: "SCORE" });
    for (const id of ids) held.apply(id, JSON.parse((await redis.get(`${prefix}:website:${id}`)) ?? "null"));
    held.version = version;
  }

  async function follow() {
    await redis.connect();
    const listener = await redis.duplicate().on("error", () => {}).connect();
    let turn = Promise.resolve();
    // Once more at each message; a failure is made good by the next one.
    const again = () => (turn = turn.then(catchUp).catch(() => {}));
    listener.on("ready", again);
    await listener.subscribe(`${prefix}:changes`, again);
    again();
  }

  return { held, follow };
}

/**
 * From NATS: watches the whole bucket, whose `version` comes after what belongs to it.
 *
 * @param {string} servers @param {string} name
 */
function fromNats(servers, name) {
  const { connect } = require("@nats-io/transport-node");
  const { Kvm } = require("@nats-io/kv");
  const held = new Published();

  async function follow() {
    const connection = await connect({ servers, maxReconnectAttempts: -1 });
    for (;;) {
      try {
        const bucket = await new Kvm(connection).open(`crisp-${name}`);
        for await (const entry of await bucket.watch()) {
          const value = entry.operation === "PUT" ? entry.json() : null;
          if (entry.key === "version") held.version = Number(value);
          else if (entry.key.startsWith("website.")) held.apply(entry.key.slice("website.".length), value);
        }
      } catch {
        // The first replica makes the bucket when it has something to publish.
      }
      await sleep(PAUSE_MS);
    }
  }

  return { held, follow };
}

module.exports = { fromRedis, fromNats };
