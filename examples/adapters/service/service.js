// A running service that crisp-mock judges over POST. Start it, then
//
//   crisp-mock replay scenarios --client-url http://127.0.0.1:3001/crisp-mock

"use strict";

const { createServer } = require("node:http");
const { answers } = require("../node/crisp-mock-client.js");
const { Loop, TIMEOUT_MS } = require("../node/loop.js");

const PORT = Number(process.env.PORT ?? 3001);

let loop = new Loop();

// Where it polls is said in `start`: there is one service for all scenarios, so it can `reset`.
const answer = answers(() => ({ ready: loop.ready, websites: loop.websites }), {
  name: "service",
  version: "1.0.0",
  tokens: true,
  timeoutMs: TIMEOUT_MS,
  start: (place) => loop.start(place),
  reset: () => {
    loop.stop();
    loop = new Loop();
  },
});

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
  }
  const reply = await answer(JSON.parse(body));
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(reply));
});

server.listen(PORT, "127.0.0.1", () => {
  console.log(`judge me at http://127.0.0.1:${server.address().port}/crisp-mock`);
});
