// A small Crisp plugin that listens, as its author would write it.
//
// The second way of Crisp's settings guide: it loads the settings of every website that installed it,
// listens for `plugin:settings:saved`, and asks every ten minutes what changed besides. It serves the
// page on which people change their settings. What it would do with them is left out.
//
// It loses updates, as the guide's loop does; mended.js shows what it takes to lose none.

"use strict";

const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { Crisp } = require("crisp-api");

const PORT = Number(process.env.PORT || 3000);
const POLL_MS = Number(process.env.CRISP_POLL_MS || 600_000);
const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY, CRISP_PLUGIN_ID } = process.env;

const crisp = new Crisp();
crisp.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);
if (CRISP_REST_HOST) {
  crisp.setRestHost(CRISP_REST_HOST); // the emulator, in place of Crisp; it says where its sockets are
}

// Every website that has the plugin: {token, settings} by its id.
const websites = new Map();
let loaded = false;

/* -- The settings of all websites, kept in memory -------------------------------------------- */

function store({ website_id, token, settings }) {
  websites.set(website_id, { token, settings });
}

async function loadWebsites() {
  for (let page = 1; ; page++) {
    const found = await crisp.plugin.listAllConnectWebsites(page, false, false);
    if (found.length === 0) {
      return;
    }
    found.forEach(store);
  }
}

// An event carries the settings, and no token.
function listen() {
  return crisp.on("plugin:settings:saved", ({ website_id, settings }) => {
    store({ website_id, settings, token: websites.get(website_id)?.token });
  });
}

async function refreshWebsites(since) {
  const changes = await crisp.plugin.listConnectWebsitesSince(since.toISOString(), false, false);
  for (const change of changes) {
    if (change.difference === "removed") {
      websites.delete(change.website_id);
    } else {
      store(change);
    }
  }
}

async function maintainWebsites() {
  while (!loaded) {
    try {
      await loadWebsites();
      loaded = true;
    } catch (error) {
      console.error("could not load the websites, trying again:", explain(error));
      await sleep(POLL_MS);
    }
  }
  let lastCheck = new Date();
  listen().catch((error) => console.error("could not listen:", explain(error)));
  for (;;) {
    await sleep(POLL_MS);
    try {
      await refreshWebsites(lastCheck);
      lastCheck = new Date();
    } catch (error) {
      // The date stays, so that the next round asks for what this one missed.
      console.error("could not refresh the websites:", explain(error));
    }
  }
}

/* -- The settings page ----------------------------------------------------------------------- */

const PAGE = readFileSync(join(__dirname, "config.html"));

// Only Crisp and the website's own people know the token.
function isAllowed({ website_id, token }) {
  return Boolean(token) && websites.get(website_id)?.token === token;
}

async function save(request, response) {
  const { website_id, token, settings } = await body(request);
  if (!isAllowed({ website_id, token })) {
    return answer(response, 403, { error: "This link is not valid. Open it from Crisp again." });
  }
  // Other members than these stay as they are; the event of this save brings them all.
  await crisp.plugin.updateSubscriptionSettings(website_id, CRISP_PLUGIN_ID, settings);
  return answer(response, 200, {});
}

function show(query, response) {
  const website_id = query.get("website_id");
  if (!isAllowed({ website_id, token: query.get("token") })) {
    return answer(response, 403, { error: "This link is not valid. Open it from Crisp again." });
  }
  return answer(response, 200, websites.get(website_id).settings);
}

// What the plugin holds, for tests: only while it talks to an emulator.
function cache(response) {
  if (!loaded) {
    return answer(response, 503, { error: "still loading" });
  }
  const held = [...websites].map(([id, website]) => [id, website.settings]);
  return answer(response, 200, Object.fromEntries(held));
}

async function route(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://plugin");
  switch (`${request.method} ${pathname}`) {
    case "GET /config.html":
      return answer(response, 200, PAGE, "text/html; charset=utf-8");
    case "GET /settings":
      return show(searchParams, response);
    case "POST /settings":
      return save(request, response);
    case "GET /_cache":
      if (CRISP_REST_HOST) {
        return cache(response);
      }
  }
  return answer(response, 404, { error: "There is nothing here." });
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(response, status, content, type = "application/json") {
  response.writeHead(status, { "Content-Type": type });
  response.end(type === "application/json" ? JSON.stringify(content) : content);
}

// crisp-api rejects with objects of its own, not with errors.
function explain(error) {
  return error?.data?.message ?? error?.message ?? String(error);
}

createServer((request, response) => {
  route(request, response).catch((error) => answer(response, 400, { error: explain(error) }));
}).listen(PORT, "127.0.0.1");
maintainWebsites();
