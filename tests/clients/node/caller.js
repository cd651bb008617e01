// Calls the official client as it is told: one JSON object a line in, one a line out.
//
//   in   {"call": "listAllConnectWebsites", "args": [1, true, false]}
//   out  {"returned": …} or {"rejected": …}, whatever the client itself gave
//
// A list of such objects, each with an "identifier" and a "key" of its own, is called all at once,
// by a client for each. What comes out is a list, too, and says how many milliseconds each took.
//
// The first argument names the package, so that two versions can be called side by side. An
// argument {"date": "…"} is handed over as a Date.

"use strict";

const { createInterface } = require("node:readline");
const { Crisp } = require(process.argv[2]);

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY } = process.env;

function connect(identifier, key) {
  const client = new Crisp();
  client.setRestHost(CRISP_REST_HOST);
  client.authenticateTier("plugin", identifier, key);
  return client;
}

function argument(value) {
  return value !== null && typeof value === "object" && "date" in value
    ? new Date(value.date)
    : value;
}

async function answer(client, { call, args }) {
  try {
    return { returned: (await client.plugin[call](...args.map(argument))) ?? null };
  } catch (error) {
    const thrown = error instanceof Error ? { thrown: error.name } : error;
    return { rejected: thrown };
  }
}

async function timed({ identifier, key, ...request }) {
  const began = performance.now();
  const given = await answer(connect(identifier, key), request);
  return { ...given, ms: performance.now() - began };
}

async function main() {
  const client = connect(CRISP_IDENTIFIER, CRISP_KEY);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const given = Array.isArray(request)
      ? Promise.all(request.map(timed))
      : answer(client, request);
    console.log(JSON.stringify(await given));
  }
  // The client may keep timers, which would keep the process alive.
  process.exit(0);
}

main();
