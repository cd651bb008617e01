// What a plugin adds to be judged:
//
//   crisp-mock replay scenarios --client-cmd "node examples/adapters/node/judged.js"

"use strict";

const { judged } = require("./crisp-mock-client.js");
const { Loop, TIMEOUT_MS } = require("./loop.js");

let loop = new Loop();

judged(() => ({ ready: loop.ready, websites: loop.websites }), {
  name: "careful-loop",
  version: "1.0.0",
  tokens: true,
  timeoutMs: TIMEOUT_MS,
  start: (place) => loop.start(place),
  reset: () => {
    loop.stop();
    loop = new Loop();
  },
});
