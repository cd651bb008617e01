// A plugin with a careful loop, and the mistake in how it is set up that its first argument names.
// With the path of an adapter as the second it is judged through that.

"use strict";

const { createServer } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

const [mode, adapter] = process.argv.slice(2);
const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY, CRISP_POLL_MS, PORT } = process.env;
const key = mode === "wrong-key" ? "0".repeat(64) : CRISP_KEY;
const host = mode === "no-address" ? "http://127.0.0.1:9" : CRISP_REST_HOST;
const root = mode === "no-version" ? `${host}/` : `${host}/v1/`;
const pause = { "own-pause": 20_000, "no-pause": 0, seconds: 2_000, "a-second": 1_100 }[mode] ?? Number(CRISP_POLL_MS);
const basic = Buffer.from(`${CRISP_IDENTIFIER}:${key}`).toString("base64");
const headers = { Authorization: `Basic ${basic}`, "X-Crisp-Tier": "plugin" };

const websites = new Map();
let loaded = false;
let since;

async function ask(path) {
  const answer = await fetch(root + path, { headers, signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return { date: new Date(answer.headers.get("Date")), data: (await answer.json()).data };
}

function store(found) {
  for (const { website_id, settings, difference } of found) {
    if (difference === "removed") websites.delete(website_id);
    else websites.set(website_id, settings ?? {});
  }
}

async function load() {
  for (let page = 1; ; page++) {
    const { date, data } = await ask(`plugin/connect/websites/all/${page}`);
    since ??= date;
    if (data.length === 0) return;
    store(data);
  }
}

async function poll() {
  const from = new Date(since - 5_000).toISOString();
  const { date, data } = await ask(`plugin/connect/websites/since?date_since=${from}`);
  store(data);
  since = date;
}

async function maintain() {
  while (!loaded) {
    try {
      await load();
      loaded = true;
    } catch {
      await sleep(pause);
    }
  }
  if (mode === "once") return;
  for (;;) {
    await sleep(pause);
    await poll().catch(() => undefined);
  }
}

function listen() {
  createServer((request, response) => {
    const found = request.url === "/_cache";
    response.writeHead(found ? (loaded ? 200 : 503) : 404);
    response.end(JSON.stringify(loaded && found ? Object.fromEntries(websites) : {}));
  }).listen(mode === "own-port" ? 0 : Number(PORT), "127.0.0.1");
}

if (adapter) {
  const read = () => {
    const held = [...websites].map(([id, settings]) => [id, { settings }]);
    return { ready: loaded, websites: Object.fromEntries(held) };
  };
  require(adapter).judged(read, { start: maintain });
} else if (mode === "fragile") {
  // It listens once it has loaded; an answer that is none ends it.
  load().then(() => {
    loaded = true;
    listen();
    return maintain();
  });
} else {
  listen();
  maintain();
}
