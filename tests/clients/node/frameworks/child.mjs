// A child process polls; its parent serves what it was sent last.

import { fork } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Copy, POLL_MS, PORT } from "./sync.cjs";

if (!process.send) {
  let shown = [503, { error: "loading" }];
  fork(fileURLToPath(import.meta.url)).on("message", (message) => (shown = message));
  createServer((_, response) => {
    const [status, body] = shown;
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(PORT, "127.0.0.1");
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
