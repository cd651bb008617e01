// An official client that listens, as its README shows: each event a line of JSON.
//
//   {"heard": "plugin:settings:saved", "data": …}
//   {"refused": "…"} when it throws, as it does on `unauthorized`
//
// The first argument names the package. Lines on stdin are commands: `rebind`.

"use strict";

const { createInterface } = require("node:readline");
const required = require(process.argv[2]);
const Crisp = required.Crisp ?? required;

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY } = process.env;

const say = (line) => console.log(JSON.stringify(line));

process.on("uncaughtException", (error) => {
  say({ refused: error.message });
  process.exit(1);
});
process.on("unhandledRejection", (error) => {
  say({ refused: error.message });
  process.exit(1);
});

const client = new Crisp();
client.setRestHost?.(CRISP_REST_HOST);
if (process.argv[2] === "crisp-api-5") {
  // It has no discovery, and a fixed host unless it is given one.
  client.setRtmHost(CRISP_REST_HOST);
}
client.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);

for (const name of ["plugin:settings:saved", "plugin:subscription:updated", "message:send"]) {
  try {
    client.on(name, (data) => say({ heard: name, data }));
  } catch {
    // An older client does not know every event.
  }
}

createInterface({ input: process.stdin }).on("line", () => {
  Promise.resolve(client.rebindSocket()).then(
    () => say({ rebound: true }),
    (error) => say({ refused: error.message }),
  );
});
