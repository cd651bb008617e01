// A worker thread polls; the main thread serves what it was sent last.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { Copy, POLL_MS, PORT } from "./sync.cjs";

if (isMainThread) {
  let shown = [503, { error: "loading" }];
  new Worker(fileURLToPath(import.meta.url)).on("message", (message) => (shown = message));
  createServer((_, response) => {
    const [status, body] = shown;
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(PORT, "127.0.0.1");
} else {
  const copy = new Copy();
  const run = async () => {
    await copy.poll();
    parentPort.postMessage(copy.shown);
    setTimeout(run, POLL_MS);
  };
  run();
}
