// What V8's optimizing compilers make of code pays for itself in programs that run for long. A scenario takes a third of a
// second of the processor, a quarter of which they took: they begin ten times as late, those for WebAssembly (the HTTP
// parser behind `fetch`) later still. Nothing that a program can see depends on them.

"use strict";

const { setFlagsFromString } = require("node:v8");

// V8 prints a complaint about a flag that it does not have: Node 22 counts calls where Node 20 counts bytes.
const FLAGS = {
  18: ["--interrupt-budget=1350000"],
  20: ["--interrupt-budget=1350000"],
  22: ["--invocation-count-for-turbofan=30000", "--invocation-count-for-maglev=4000"],
  24: ["--invocation-count-for-turbofan=30000", "--invocation-count-for-maglev=4000"],
  26: ["--invocation-count-for-turbofan=30000", "--invocation-count-for-maglev=4000"],
};
const OF_ALL = ["--wasm-tiering-budget=1000000000"];

function delayCompilers(version = process.versions.node) {
  const flags = FLAGS[Number.parseInt(version, 10)];
  if (flags !== undefined) {
    [...flags, ...OF_ALL].forEach((flag) => setFlagsFromString(flag));
  }
}

module.exports = { delayCompilers };
