// A small Crisp plugin whose settings come from crisp-sync.

"use strict";

const express = require("express");
const { Settings } = require("./settings.js");
const { fromRedis, fromNats } = require("./published.js");

const { CRISP_SYNC_URL = "http://127.0.0.1:8787", CRISP_SYNC_TOKEN, CRISP_SYNC_JUDGED } = process.env;
// With one of these the settings are read from the store, with `crisp-sync serve --store … --store-tokens`; saves go to the service.
const { REDIS_URL, NATS_URL, CRISP_STORE_NAME = "" } = process.env;
const PORT = Number(process.env.PORT || 3000);
const HOST = process.env.HOST || "127.0.0.1";

const settings = new Settings(CRISP_SYNC_URL, CRISP_SYNC_TOKEN);
const store = REDIS_URL ? fromRedis(REDIS_URL, CRISP_STORE_NAME) : NATS_URL ? fromNats(NATS_URL, CRISP_STORE_NAME) : null;
const held = store ? store.held : settings;
const app = express();
app.use(express.json());

// Only Crisp and the website's own people know the token.
const allowed = (id, token) => Boolean(token) && held.websites.get(id)?.token === token;
const NOT_VALID = { error: "This link is not valid. Open it from Crisp again." };

app.get("/settings", ({ query }, response) => {
  if (!allowed(query.website_id, query.token)) return response.status(403).json(NOT_VALID);
  return response.json(held.websites.get(query.website_id).settings);
});

app.post("/settings", async ({ body }, response) => {
  if (!allowed(body.website_id, body.token)) return response.status(403).json(NOT_VALID);
  const saved = await settings.save(body.website_id, body.settings);
  return response.status(saved.outcome === "done" ? 200 : 400).json(saved);
});

// What the plugin holds, for tests.
if (CRISP_SYNC_JUDGED) {
  app.get("/_cache", (_, response) => {
    if (!held.isLoaded) return response.status(503).json({ error: "still loading" });
    const { event, version } = held;
    return response.json({ event, version, websites: Object.fromEntries(held.websites) });
  });
}

app.listen(PORT, HOST, () => console.log(`listening on http://${HOST}:${PORT}`));
(store ?? settings).follow();
