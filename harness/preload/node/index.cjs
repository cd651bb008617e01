// Takes the clock from a Node program that crisp-mock starts, without a change to the program:
//
//   NODE_OPTIONS="--require …/index.cjs" CRISP_CLOCK_CHANNEL=127.0.0.1:PORT node plugin.js
//
// Time stands still until the harness moves it over the channel; docs/clock-channel.md has the
// messages. Without CRISP_CLOCK_CHANNEL nothing happens at all.

"use strict";

// A thread in which Node itself runs module hooks is none of the program's: it has no port to it.
function isOfTheProgram() {
  const { isMainThread, parentPort } = require("node:worker_threads");
  return isMainThread || parentPort !== null;
}

if (process.env.CRISP_CLOCK_CHANNEL && isOfTheProgram()) {
  require("./start.cjs").start(process.env);
}
