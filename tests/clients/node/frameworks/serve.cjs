// The page at which a copy is read.

"use strict";

const { createServer } = require("node:http");
const { PORT } = require("./sync.cjs");

/** Serves what `shown` gives at each request: a status, and what goes as JSON. */
function serve(shown) {
  createServer((_, response) => {
    const [status, body] = shown();
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(PORT, "127.0.0.1");
}

/** Serves what a helper beside this process or thread sent last. */
function serveLast(helper) {
  let shown = [503, { error: "loading" }];
  helper.on("message", (message) => (shown = message));
  serve(() => shown);
}

module.exports = { serve, serveLast };
