// Receives web hooks as a plugin does that is written with the official client, and says of each what
// that client makes of it: one JSON object a line.
//
// The first argument names the package. The first line in is the secret; then the port goes out. The
// path of a request says how it is answered: /200, /500, /301, /hang, /close.

"use strict";

const { createServer } = require("node:http");
const { createInterface } = require("node:readline");
const { Crisp } = require(process.argv[2]);

const client = new Crisp();
client.setRtmMode("webhooks");
let received = null;
const events = ["plugin:settings:saved", "plugin:subscription:updated", "message:send"];
// Until this is done the client verifies nothing.
const bound = Promise.all(events.map((event) => client.on(event, (data) => received(data))));

/** What the client makes of a delivery: the data of its event, or why there is none. */
function receive(body) {
  return new Promise((resolve) => {
    received = (data) => resolve({ data });
    const refused = client.receiveHook(body);
    if (refused) resolve({ refused: refused.message });
  });
}

async function told(request, text, secret) {
  const { headers } = request;
  const body = JSON.parse(text);
  const [time, signature] = [headers["x-crisp-request-timestamp"], headers["x-crisp-signature"]];
  return {
    verified: client.verifyHook(secret, body, time, signature),
    exact: JSON.stringify(body) === text,
    event: body.event,
    ...(await receive(body)),
    count: headers["x-delivery-attempt-count"],
    limit: headers["x-delivery-attempt-limit"],
    origin: headers["x-crisp-hook-origin"],
    type: headers["content-type"],
    time,
    body: text,
  };
}

function answer(request, response) {
  const how = request.url.slice(1);
  if (how === "hang") return;
  if (how === "close") return request.socket.destroy();
  response.writeHead(Number(how), how === "301" ? { location: "/200" } : {});
  response.end("answered " + how);
}

createInterface({ input: process.stdin }).once("line", async (secret) => {
  await bound;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    console.log(JSON.stringify(await told(request, text, secret)));
    answer(request, response);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
});
