// Lets crisp-mock judge a plugin: speaks its client protocol, version 1, around the plugin's cache.
//
//   const { judged } = require("./crisp-mock-client.js");
//   judged(() => ({ ready: loaded, websites }), { start: keepInStep });
//
// `websites` is what the plugin holds, as {"<website_id>": {settings, token?}}: a Map or an object.
// Copy this file next to your plugin; it needs Node 18 and no packages.

"use strict";

const { createInterface } = require("node:readline");

// What each option is for:
//
//   start(place)   begins to load, when the judge says so; `place` has rest_host, identifier, key,
//                  plugin_id and poll_ms, which are in the environment, too
//   save(id, settings, how)   saves as the plugin does; `how` is "put" or "patch"
//   status()       {state: "loading" | "fresh" | "stale", age_ms}, if the plugin knows
//   reset()        forgets everything and stops polling, so that one process does for all
//   tokens         true when `websites` carry their tokens
//   view           how the cache differs from the raw settings: {keys, unconfigured, defaults, value}
//   name, version, timeoutMs, backoffMaxMs, relistMs   what the plugin says of itself
function answers(read, options = {}) {
  const can = {
    save: options.save,
    tokens: options.tokens,
    status: options.status,
    reset: options.reset,
  };

  const operations = {
    hello: () => ({
      name: options.name ?? "plugin",
      version: options.version ?? "",
      capabilities: Object.keys(can).filter((name) => can[name]),
      view: options.view,
      timeout_ms: options.timeoutMs,
      backoff_max_ms: options.backoffMaxMs,
      relist_ms: options.relistMs,
    }),
    start: (place) => {
      // Loading goes on in the background.
      Promise.resolve(options.start?.(place)).catch((error) => console.error(error));
    },
    read: async () => {
      const { ready, websites } = await read();
      const status = options.status && (await options.status());
      // What is undefined would not be there at all in JSON.
      const held = websites instanceof Map ? [...websites] : Object.entries(websites);
      const shown = held.map(([id, { settings = null, token }]) => [id, { settings, token }]);
      return { ready, websites: Object.fromEntries(shown), status };
    },
    save: async ({ website_id, settings, how }) => ({
      outcome: await outcome(() => options.save(website_id, settings, how)),
    }),
    reset: () => options.reset(),
    stop: () => options.stop?.(),
  };

  // A message in, the reply out.
  return async function answer(message) {
    const { id, op } = message;
    try {
      if (!operations[op] || (op in can && !can[op])) {
        throw new Error(`this client cannot ${op}`);
      }
      const { id: _, ok: __, ...members } = (await operations[op](message)) ?? {};
      return { id, ok: true, ...members };
    } catch (error) {
      return { id, ok: false, error: String(error?.message ?? error) };
    }
  };
}

// After a refusal nothing was saved; after anything else it is not known.
async function outcome(save) {
  try {
    await save();
    return "done";
  } catch (error) {
    console.error("the save failed:", error);
    return error?.code >= 400 && error.code < 500 ? "refused" : "unknown";
  }
}

// Speaks over stdin and stdout: crisp-mock replay scenarios --client-cmd "node judged.js"
function judged(read, options) {
  const answer = answers(read, options);
  // What the plugin prints goes to its log: in the middle of a reply it would spoil it.
  const reply = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const lines = createInterface({ input: process.stdin });
  // Lines may come faster than replies: a read does not wait for a save.
  lines.on("line", async (line) => {
    const message = JSON.parse(line);
    reply(`${JSON.stringify(await answer(message))}\n`, () => {
      if (message.op === "stop") {
        process.exit(0);
      }
    });
  });
  // The judge has gone.
  lines.on("close", () => process.exit(0));
}

module.exports = { answers, judged };
