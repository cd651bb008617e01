// The second way of Crisp's settings guide, mended: a plugin that listens and loses nothing. Its rules:
// 1. An event is a hint to ask at once, and never data: it may be late, lost, doubled or out of order.
// 2. Nothing is replayed: what happened while no socket was bound is asked for as soon as one is.
// 3. A website that the differential brings is not heard of before the socket is bound anew.
// 4. All of the loop that polls (examples/mended-loop), whose rules for lists and dates hold here, too.

"use strict";

const { createServer } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");
const { io } = require("socket.io-client");

const { CRISP_REST_HOST = "https://api.crisp.chat", CRISP_IDENTIFIER, CRISP_KEY } = process.env;
const POLL_MS = Number(process.env.CRISP_POLL_MS || 600_000);
const PAUSE_MS = Math.min(1_000, POLL_MS / 20);
const [OVERLAP_MS, HOUR_MS] = [120_000, 3_600_000];
const EVENTS = ["plugin:settings:saved", "plugin:subscription:updated"];
const pair = Buffer.from(`${CRISP_IDENTIFIER}:${CRISP_KEY}`).toString("base64");
const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };
let [websites, ready, silentUntil, asked] = [new Map(), false, 0, 0];

// Gives the data and when it was asked for: Crisp's date, and `at` by the clock that never jumps.
async function get(path, end) {
  await sleep(Math.max(PAUSE_MS, silentUntil - performance.now()));
  const at = performance.now();
  asked += 1; // each address is a new one, which no cache knows
  const url = `${CRISP_REST_HOST}/v1/plugin/connect/${path}${path.includes("?") ? "&" : "?"}nth=${asked}`;
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
  const [date, wait, cache] = ["date", "retry-after", "bloom-status"].map((name) => response.headers.get(name));
  const answered = Date.parse(date) || Date.now();
  silentUntil = performance.now() + (Number(wait) * 1_000 || Date.parse(wait) - answered || 0);
  const { data, error } = response.status === end ? { data: [] } : await response.json();
  if (error || cache === "HIT" || typeof data !== "object" || !(response.ok || response.status === end)) {
    throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  }
  return { data, date: answered - (performance.now() - at), at };
}

async function list(before) {
  const found = new Map();
  const { date, at, data } = await get("websites/all/1?filter_configured=0");
  for (let page = 1, items = data; items.length > 0; ) {
    items.forEach(({ website_id, settings }) => found.set(website_id, settings ?? {}));
    ({ data: items } = await get(`websites/all/${++page}?filter_configured=0`, 404));
  }
  const names = [...found.keys()].sort().join();
  return names === before ? { found, date, at } : list(names);
}

// Asks what changed since then, and gives the moment to ask from next.
async function refresh(copy, { date, at }) {
  const from = new Date(date - OVERLAP_MS).toISOString();
  const next = await get(`websites/since?filter_configured=0&date_since=${from}`);
  if (Math.abs(next.date - date - (next.at - at)) > OVERLAP_MS / 2) {
    throw Object.assign(new Error("Crisp's clock was set"), { status: 400 });
  }
  const known = new Set(copy.keys());
  for (const { website_id, difference, settings } of next.data) {
    difference === "removed" ? copy.delete(website_id) : copy.set(website_id, settings ?? {});
  }
  if ([...copy.keys()].some((id) => !known.has(id))) bind();
  return { date: next.date, at: next.at };
}

/* -- The socket ------------------------------------------------------------------------------- */

let [socket, wake, isDue] = [null, () => {}, false];

function hint() {
  isDue = true;
  wake();
}

// A socket hears of the websites that there are when it is bound; what was saved before is asked for.
function bind() {
  socket?.emit("socket:bind", {});
  isDue = true;
}

async function listen() {
  const { data } = await get("endpoints");
  const { origin, pathname } = new URL(data.socket.app);
  socket = io(origin, { path: pathname, transports: ["websocket"] });
  const login = { username: CRISP_IDENTIFIER, password: CRISP_KEY, tier: "plugin", events: EVENTS };
  socket.on("connect", () => socket.emit("authentication", login));
  ["authenticated", ...EVENTS].forEach((name) => socket.on(name, hint));
  // Ended by Crisp, and not by the network: the library tries again by itself only after the latter.
  socket.on("disconnect", (why) => why === "io server disconnect" && setTimeout(() => socket.connect(), 30_000));
}

// Until it is time, or something is heard.
async function pause(ms) {
  if (!isDue) {
    const early = new AbortController();
    await Promise.race([sleep(ms, null, { signal: early.signal }), new Promise((heard) => (wake = heard))]);
    early.abort();
  }
  isDue = false;
}

async function keepInStep() {
  for (let since, fresh, listed = 0, listUntil = 0, failures = 0; ; ) {
    const now = performance.now();
    const isListDue = !since || now < listUntil || now - since.at > HOUR_MS || now - listed > HOUR_MS;
    try {
      if (fresh ? now - fresh.at > HOUR_MS : isListDue) fresh = await list();
      since = await refresh(fresh?.found ?? websites, fresh ?? since);
      if (fresh) [websites, listed, ready, fresh] = [fresh.found, now, true, null];
      if (!socket) await listen();
      failures = 0;
    } catch ({ message, status }) {
      console.error(message);
      failures += 1;
      // What is not visible yet has a date by the old clock: for a while lists alone tell it.
      if (status === 400) [since, fresh, listUntil] = [null, null, now + OVERLAP_MS];
    }
    if (failures > 0) isDue = false;
    await pause(POLL_MS * 2 ** Math.min(failures, 3));
  }
}

createServer((_, response) => {
  response.writeHead(ready ? 200 : 503, { "Content-Type": "application/json" });
  response.end(JSON.stringify(ready ? Object.fromEntries(websites) : { error: "still loading" }));
}).listen(process.env.PORT || 3000, "127.0.0.1");
keepInStep();
