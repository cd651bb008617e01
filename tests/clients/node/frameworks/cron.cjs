// node-cron, which looks at the date: polls by the seconds or minutes of the clock on the wall.

"use strict";

const { createServer } = require("node:http");
const cron = require("node-cron");
const { Copy, POLL_MS, PORT } = require("./sync.cjs");

const copy = new Copy();
createServer((_, response) => {
  const [status, body] = copy.shown;
  response.writeHead(status).end(JSON.stringify(body));
}).listen(PORT, "127.0.0.1");

const seconds = Math.max(1, Math.round(POLL_MS / 1_000));
cron.schedule(seconds < 60 ? `*/${seconds} * * * * *` : `0 */${Math.round(seconds / 60)} * * * *`, () => copy.poll());
copy.poll();
