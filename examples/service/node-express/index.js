// A small Crisp plugin whose settings come from crisp-sync.

"use strict";

const express = require("express");
const { Settings } = require("./settings.js");

const { CRISP_SYNC_URL = "http://127.0.0.1:8787", CRISP_SYNC_TOKEN, CRISP_SYNC_JUDGED } = process.env;
const PORT = Number(process.env.PORT || 3000);

const settings = new Settings(CRISP_SYNC_URL, CRISP_SYNC_TOKEN);
const app = express();
app.use(express.json());

// Only Crisp and the website's own people know the token.
const allowed = (id, token) => Boolean(token) && settings.websites.get(id)?.token === token;
const NOT_VALID = { error: "This link is not valid. Open it from Crisp again." };

app.get("/settings", ({ query }, response) => {
  if (!allowed(query.website_id, query.token)) return response.status(403).json(NOT_VALID);
  return response.json(settings.websites.get(query.website_id).settings);
});

app.post("/settings", async ({ body }, response) => {
  if (!allowed(body.website_id, body.token)) return response.status(403).json(NOT_VALID);
  const saved = await settings.save(body.website_id, body.settings);
  return response.status(saved.outcome === "done" ? 200 : 400).json(saved);
});

// What the plugin holds, for tests.
if (CRISP_SYNC_JUDGED) {
  app.get("/_cache", (_, response) => {
    if (!settings.isLoaded) return response.status(503).json({ error: "still loading" });
    return response.json({ event: settings.event, websites: Object.fromEntries(settings.websites) });
  });
}

app.listen(PORT, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${PORT}`));
settings.follow();
