// A child process polls; its parent serves what it was sent last.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { serveLast } from "./serve.cjs";
import { Copy, POLL_MS } from "./sync.cjs";

if (!process.send) {
  serveLast(fork(fileURLToPath(import.meta.url)));
} else {
  const copy = new Copy();
  const run = async () => {
    await copy.poll();
    process.send(copy.shown);
    setTimeout(run, POLL_MS);
  };
  process.on("disconnect", () => process.exit());
  run();
}
