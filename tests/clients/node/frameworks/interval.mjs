// Plain setInterval: a poll is sent whether or not the one before it was answered.

import { createServer } from "node:http";
import { Copy, POLL_MS, PORT } from "./sync.cjs";

const copy = new Copy({ overlaps: true, timeout: 120_000 });
createServer((_, response) => {
  const [status, body] = copy.shown;
  response.writeHead(status).end(JSON.stringify(body));
}).listen(PORT, "127.0.0.1");

setInterval(() => copy.poll(), POLL_MS);
copy.poll();
