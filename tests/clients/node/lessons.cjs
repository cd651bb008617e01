// A plugin made of what `crisp-mock explain` prints for C1, P1, C10 and F1, each in a module of the folder
// LESSONS: this is what an author adds.
"use strict";

const { createServer } = require("node:http");
const { Crisp } = require("crisp-api");

const { CRISP_IDENTIFIER, CRISP_KEY, CRISP_POLL_MS, CRISP_REST_HOST, LESSONS, PORT } = process.env;
const { begin, heard, OVERLAP, poll } = require(`${LESSONS}/C1.cjs`);
const { load } = require(`${LESSONS}/P1.cjs`);
const { turn } = require(`${LESSONS}/C10.cjs`);
const { forever, sleep } = require(`${LESSONS}/F1.cjs`);

const crisp = new Crisp();
crisp.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);
crisp.setRestHost(CRISP_REST_HOST);

let websites = new Map();
let ready = false;

function apply(changes) {
  for (const { difference, settings, website_id } of changes) {
    difference === "removed" ? websites.delete(website_id) : websites.set(website_id, settings ?? {});
  }
}

async function list() {
  let first;
  async function listAllConnectWebsites(number, ...options) {
    const asked = performance.now();
    const items = await crisp.plugin.listAllConnectWebsites(number, ...options);
    if (number === 1) first = [heard() - OVERLAP, asked];
    return items;
  }
  const retry = (attempt) => sleep(Math.min(1000 * 2 ** attempt, 60_000));
  const found = await load({ plugin: { listAllConnectWebsites } }, retry);
  begin(...first);
  await poll(crisp, (changes) => {
    websites = new Map([...found].map(([id, { settings }]) => [id, settings ?? {}]));
    apply(changes);
  });
  ready = true;
}

createServer((_, response) => {
  response.writeHead(ready ? 200 : 503, { "Content-Type": "application/json" });
  response.end(JSON.stringify(ready ? Object.fromEntries(websites) : { error: "still loading" }));
}).listen(PORT, "127.0.0.1");

forever(() => turn(() => poll(crisp, apply), list), Number(CRISP_POLL_MS));
