// A service that speaks the client protocol: prints its address, then a line for each operation.

"use strict";

const { createServer } = require("node:http");

const mode = process.argv[2];
const capabilities = mode === "forgets" ? ["reset"] : [];

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
  }
  const { id, op } = JSON.parse(body);
  console.log(op);
  const end = (status, reply) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(typeof reply === "string" ? reply : JSON.stringify(reply));
  };
  if (op === "read" && mode === "stumbles") {
    return end(500, "oh no");
  }
  if (op === "read" && mode === "mixes-up") {
    return end(200, { id: id + 1, ok: true, ready: true, websites: {} });
  }
  if (op === "read" && mode === "hangs") {
    return undefined;
  }
  if (op === "stop") {
    end(200, { id, ok: true });
    return server.close();
  }
  const replies = {
    hello: { name: "service", version: "2", capabilities },
    read: { ready: true, websites: { w3: { settings: { message: "Hi" } } } },
  };
  return end(200, { id, ok: true, ...replies[op] });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
