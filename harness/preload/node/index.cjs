// Takes the clock from a Node program that crisp-mock starts, without a change to the program:
//
//   NODE_OPTIONS="--require …/index.cjs" CRISP_CLOCK_CHANNEL=127.0.0.1:PORT node plugin.js
//
// Time stands still until the harness moves it over the channel; docs/clock-channel.md has the
// messages. Without CRISP_CLOCK_CHANNEL nothing happens at all.

"use strict";

if (process.env.CRISP_CLOCK_CHANNEL) {
  require("./start.cjs").start(process.env);
}
