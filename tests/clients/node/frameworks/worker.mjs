// A worker thread polls; the main thread serves what it was sent last.

import { fileURLToPath } from "node:url";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { serveLast } from "./serve.cjs";
import { Copy, POLL_MS } from "./sync.cjs";

if (isMainThread) {
  serveLast(new Worker(fileURLToPath(import.meta.url)));
} else {
  const copy = new Copy();
  const run = async () => {
    await copy.poll();
    parentPort.postMessage(copy.shown);
    setTimeout(run, POLL_MS);
  };
  run();
}
