// Express, CommonJS; each poll sets the timer for the next one.

"use strict";

const express = require("express");
const { Copy, POLL_MS, PORT } = require("./sync.cjs");

const copy = new Copy();
const app = express();
app.get("/_cache", (_, response) => {
  const [status, body] = copy.shown;
  response.status(status).json(body);
});
app.listen(PORT, "127.0.0.1");

async function run() {
  await copy.poll();
  setTimeout(run, POLL_MS);
}
run();
