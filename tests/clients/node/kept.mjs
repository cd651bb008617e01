// A plugin that keeps its copy and its date on disc (STATE), and goes on from there when it is started again.
// It is as right as its simple loop, if STATE is of the Crisp that it asks.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY, CRISP_POLL_MS, PORT, STATE } = process.env;
const pair = Buffer.from(`${CRISP_IDENTIFIER}:${CRISP_KEY}`).toString("base64");
const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };
const OVERLAP_MS = 120_000;

let kept = existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")) : null;

function keep(copy) {
  kept = copy;
  writeFileSync(`${STATE}.new`, JSON.stringify(kept));
  renameSync(`${STATE}.new`, STATE);
}

async function get(path, query, end) {
  await sleep(200);
  const url = `${CRISP_REST_HOST}/v1/plugin/connect/websites/${path}?filter_configured=0${query}`;
  const response = await fetch(url, { headers });
  if (!response.ok && response.status !== end) throw new Error(`${path}: ${response.status}`);
  const { data } = response.status === end ? { data: [] } : await response.json();
  return { data, date: Date.parse(response.headers.get("date")) };
}

async function load() {
  const websites = {};
  let first;
  for (let page = 1, items = [null]; items.length > 0; page += 1) {
    const { data, date } = await get(`all/${page}`, "", 404);
    [items, first] = [data, first ?? date];
    items.forEach(({ website_id, settings }) => (websites[website_id] = settings ?? {}));
  }
  keep({ websites, date: first });
}

async function poll() {
  const from = new Date(kept.date - OVERLAP_MS).toISOString();
  const { data, date } = await get("since", `&date_since=${from}`);
  const { websites } = kept;
  for (const { website_id, difference, settings } of data) {
    if (difference === "removed") delete websites[website_id];
    else websites[website_id] = settings ?? {};
  }
  keep({ websites, date });
}

createServer((_, response) => {
  response.writeHead(kept ? 200 : 503, { "Content-Type": "application/json" });
  response.end(JSON.stringify(kept?.websites ?? { error: "still loading" }));
}).listen(PORT, "127.0.0.1");

for (;;) {
  await (kept ? poll() : load()).catch(({ message }) => console.error(message));
  await sleep(Number(CRISP_POLL_MS));
}
