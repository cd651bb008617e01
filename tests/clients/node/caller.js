// Calls the official client as it is told: one JSON object a line in, one a line out.
//
//   in   {"call": "listAllConnectWebsites", "args": [1, true, false]}
//   out  {"returned": …} or {"rejected": …}, whatever the client itself gave
//
// The first argument names the package, so that two versions can be called side by side. An
// argument {"date": "…"} is handed over as a Date.

"use strict";

const { createInterface } = require("node:readline");
const { Crisp } = require(process.argv[2]);

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY } = process.env;

const client = new Crisp();
client.setRestHost(CRISP_REST_HOST);
client.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);

function argument(value) {
  return value !== null && typeof value === "object" && "date" in value
    ? new Date(value.date)
    : value;
}

async function answer(line) {
  const { call, args } = JSON.parse(line);
  try {
    return { returned: (await client.plugin[call](...args.map(argument))) ?? null };
  } catch (error) {
    const thrown = error instanceof Error ? { thrown: error.name } : error;
    return { rejected: thrown };
  }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(line)));
  }
  // The client may keep timers; there is nobody left to call for.
  process.exit(0);
}

main();
