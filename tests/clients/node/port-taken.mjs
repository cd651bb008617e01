// The mended loop, which finds its port taken twice: at once, and when it is judged first, after it has
// asked for the list; TAKEN names a file that says so.

import { existsSync, writeFileSync } from "node:fs";

const { TAKEN, CRISP_REST_HOST, CRISP_CLOCK_CHANNEL } = process.env;
const taken = (file) => {
  writeFileSync(file, "");
  console.error("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000");
  process.exit(1);
};
if (!existsSync(`${TAKEN}-at-once`)) {
  // As quick as a server whose port is taken: the process ends before it has reported.
  taken(`${TAKEN}-at-once`);
}
if (CRISP_CLOCK_CHANNEL && !existsSync(TAKEN)) {
  await fetch(`${CRISP_REST_HOST}/v1/plugin/connect/websites/all/1`);
  taken(TAKEN);
}
await import("../../../examples/mended-loop/index.mjs");
