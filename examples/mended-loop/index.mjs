// The loop of Crisp's settings guide, mended: a copy of all settings that stays right. Its rules:
// 1. Pages shift while they are read: a list counts when two in a row name the same websites.
// 2. Dates are Crisp's own, from before the request, minus an overlap.
// 3. The date moves on when an answer was whole, and not out of a cache.
// 4. All is listed again each hour, and when Crisp refuses the date or its clock was set.
// 5. Crisp is asked once a second at most, after failures more seldom, and not before a Retry-After is over.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { CRISP_REST_HOST = "https://api.crisp.chat", CRISP_IDENTIFIER, CRISP_KEY } = process.env;
const POLL_MS = Number(process.env.CRISP_POLL_MS || 20_000);
const PAUSE_MS = Math.min(1_000, POLL_MS / 20);
const [OVERLAP_MS, HOUR_MS] = [120_000, 3_600_000];
const pair = Buffer.from(`${CRISP_IDENTIFIER}:${CRISP_KEY}`).toString("base64");
const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };
let [websites, ready, silentUntil, asked] = [new Map(), false, 0, 0];

// Gives the data and when it was asked for: Crisp's date, and `at` by the clock that never jumps.
async function get(path, query, end) {
  await sleep(Math.max(PAUSE_MS, silentUntil - performance.now()));
  const at = performance.now();
  asked += 1; // each address is a new one, which no cache knows
  const url = `${CRISP_REST_HOST}/v1/plugin/connect/websites/${path}?filter_configured=0${query}&nth=${asked}`;
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
  const [date, wait, cache] = ["date", "retry-after", "bloom-status"].map((name) => response.headers.get(name));
  const answered = Date.parse(date) || Date.now();
  silentUntil = performance.now() + (Number(wait) * 1_000 || Date.parse(wait) - answered || 0);
  const { data, error } = response.status === end ? { data: [] } : await response.json();
  if (error || cache === "HIT" || !Array.isArray(data) || !(response.ok || response.status === end)) {
    throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  }
  return { data, date: answered - (performance.now() - at), at };
}

async function list(before) {
  const found = new Map();
  const { date, at, data } = await get("all/1", "");
  for (let page = 1, items = data; items.length > 0; ({ data: items } = await get(`all/${++page}`, "", 404))) {
    items.forEach(({ website_id, settings }) => found.set(website_id, settings ?? {}));
  }
  const names = [...found.keys()].sort().join();
  return names === before ? { found, date, at } : list(names);
}

// Asks what changed since then, and gives the moment to ask from next.
async function refresh(copy, { date, at }) {
  const from = new Date(date - OVERLAP_MS).toISOString();
  const next = await get("since", `&date_since=${from}`);
  if (Math.abs(next.date - date - (next.at - at)) > OVERLAP_MS / 2) {
    throw Object.assign(new Error("Crisp's clock was set"), { status: 400 });
  }
  for (const { website_id, difference, settings } of next.data) {
    difference === "removed" ? copy.delete(website_id) : copy.set(website_id, settings ?? {});
  }
  return { date: next.date, at: next.at };
}

createServer((_, response) => {
  response.writeHead(ready ? 200 : 503, { "Content-Type": "application/json" });
  response.end(JSON.stringify(ready ? Object.fromEntries(websites) : { error: "still loading" }));
}).listen(process.env.PORT || 3000, "127.0.0.1");

for (let since, fresh, listed = 0, listUntil = 0, failures = 0; ; ) {
  const now = performance.now();
  const isDue = !since || now < listUntil || now - since.at > HOUR_MS || now - listed > HOUR_MS;
  try {
    if (fresh ? now - fresh.at > HOUR_MS : isDue) fresh = await list();
    since = await refresh(fresh?.found ?? websites, fresh ?? since);
    if (fresh) [websites, listed, ready, fresh] = [fresh.found, now, true, null];
    failures = 0;
  } catch ({ message, status }) {
    console.error(message);
    failures += 1;
    // What is not visible yet has a date by the old clock: for a while lists alone tell it.
    if (status === 400) [since, fresh, listUntil] = [null, null, now + OVERLAP_MS];
  }
  await sleep(POLL_MS * 2 ** Math.min(failures, 2));
}
