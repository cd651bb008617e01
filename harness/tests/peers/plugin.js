// A plugin as strange as its first argument says: it shows a cache and asks nothing.

"use strict";

const { connect } = require("node:net");
const { createServer } = require("node:http");

const [mode, port] = process.argv.slice(2);
let reads = 0;

const answers = {
  // Loads for two reads, then shows what it holds.
  loads: () => (reads < 3 ? [503, "still loading"] : [200, { w1: { message: "Hi" }, w2: "plain" }]),
  page: () => [200, "<html>a page</html>"],
  list: () => [200, [1, 2]],
  names: () => [200, { acme: { message: "Hi" } }],
  turns: () => (reads < 2 ? [200, {}] : [200, "<html>"]),
  breaks: () => (reads < 2 ? [200, {}] : process.exit(7)),
  busy: () => (reads < 2 ? [200, {}] : reads < 5 ? [503, "busy"] : [200, { w1: {} }]),
};

process.on("SIGTERM", () => {
  console.log("asked to end");
  if (mode !== "sulks") {
    process.exit(0);
  }
});

if (mode === "fails") {
  console.error("Error: CRISP_SECRET is not set");
  process.exit(1);
}
console.log(`port ${process.env.PORT}, poll ${process.env.CRISP_POLL_MS}, ${process.env.CRISP_REST_HOST}`);
if (mode === "deaf") {
  setInterval(() => {}, 1000);
} else {
  const server = createServer((request, response) => {
    reads += 1;
    const [status, body] = (answers[mode] ?? answers.loads)();
    response.writeHead(status);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(Number(process.env.PORT), "127.0.0.1");
}
if (port) {
  connect(Number(port), "127.0.0.1").write(`${process.pid}\n`);
}
