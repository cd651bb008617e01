// The mended loop, which finds its port taken when it is judged first, after it has asked for the list;
// TAKEN names a file that says so.

import { existsSync, writeFileSync } from "node:fs";

const { TAKEN, CRISP_REST_HOST, CRISP_CLOCK_CHANNEL } = process.env;
if (CRISP_CLOCK_CHANNEL && !existsSync(TAKEN)) {
  await fetch(`${CRISP_REST_HOST}/v1/plugin/connect/websites/all/1`);
  writeFileSync(TAKEN, "");
  console.error("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000");
  process.exit(1);
}
await import("../../../examples/mended-loop/index.mjs");
