"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { withProgram } = require("./driver.cjs");

const deadline = { timeout: 20_000 };
const LIBRARIES = {
  fetch: "const get = (path) => fetch(process.env.API + path).then((answer) => answer.text());",
  http: `const http = require("node:http");
    const get = (path) => new Promise((resolve, reject) => http.get(process.env.API + path, (answer) => {
      let text = ""; answer.on("data", (data) => (text += data)); answer.on("end", () => resolve(text));
    }).on("error", reject));`,
  net: `const net = require("node:net");
    const get = (path) => new Promise((resolve) => {
      let text = ""; const { port } = new URL(process.env.API);
      net.connect(port, "127.0.0.1").on("data", (data) => (text += data)).on("end", () => resolve(text.match(/{}/)[0]))
        .write("GET " + path + " HTTP/1.1\\r\\nHost: it\\r\\nConnection: close\\r\\n\\r\\n");
    });`,
};

for (const [name, library] of Object.entries(LIBRARIES)) {
  test(`requests through ${name} are in flight until their answers are there`, deadline, () =>
    withProgram(
      `${library}
       const loop = async () => {
         const [one, other] = await Promise.all([get("/one"), get("/other")]);
         console.log(one, other);
         setTimeout(loop, 1000);
       };
       loop();`,
      {},
      async (harness) => {
        for (let round = 1; round <= 2; round++) {
          let reply = await harness.settle();
          while (harness.held.length < 2) {
            reply = await harness.settle();
          }
          assert.equal(reply.in_flight, 2);
          harness.answer();
          reply = await harness.settle();
          assert.equal(reply.in_flight, 1);
          harness.answer();
          reply = await harness.settle();
          assert.deepEqual([reply.in_flight, reply.asked], [0, 2 * round]);
          await harness.until(() => harness.lines.length === round);
          assert.equal(harness.lines.at(-1), "{} {}");
          await harness.settle(1000);
        }
      },
    ));
}

test("a request that is given up is no longer in flight", deadline, () =>
  withProgram(
    `fetch(process.env.API, { signal: AbortSignal.timeout(5000) }).catch((error) => console.log(error.name));
     setInterval(() => {}, 60_000);`,
    {},
    async (harness) => {
      while (harness.held.length < 1) {
        await harness.settle();
      }
      assert.equal((await harness.advance(4999)).in_flight, 1);
      assert.equal((await harness.advance(1)).in_flight, 0);
      await harness.until(() => harness.lines.length > 0);
      assert.equal(harness.lines[0], "TimeoutError");
    },
  ));

test("of a socket it is told how much was read and written, until it has ended", deadline, () =>
  withProgram(
    `const { port } = new URL(process.env.API);
     const socket = require("node:net").connect(port, "127.0.0.1");
     socket.write("GET / HTTP/1.1\\r\\nHost: it\\r\\nConnection: Upgrade\\r\\nUpgrade: it\\r\\n\\r\\n");
     socket.on("data", (data) => data.includes("ask") && socket.write("answer"));
     setInterval(() => {}, 60_000);`,
    {},
    async (harness) => {
      await harness.until(() => harness.upgraded);
      const theirs = harness.upgraded;
      theirs.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: it\r\n\r\nask");
      let reply = await harness.advance();
      while (reply.sockets.length === 0 || reply.sockets[0].written === 0) {
        reply = await harness.advance();
      }
      assert.equal(reply.in_flight, 0);
      assert.deepEqual(reply.sockets, [{ port: theirs.remotePort, read: 3, written: 6 }]);
      theirs.destroy();
      while (reply.sockets.length > 0) {
        reply = await harness.advance();
      }
    },
  ));

test("the time-out of a request counts by the clock", deadline, () =>
  withProgram(
    `const request = require("node:http").get(process.env.API, { timeout: 3000 });
     request.on("timeout", () => { console.log("timeout", performance.now()); request.destroy(); });
     request.on("error", (error) => console.log(error.code));
     setInterval(() => {}, 60_000);`,
    {},
    async (harness) => {
      while (harness.held.length < 1) {
        await harness.settle();
      }
      await harness.advance(10_000);
      await harness.until(() => harness.lines.length >= 2);
      assert.deepEqual(harness.lines, ["timeout 3000", "ECONNRESET"]);
    },
  ));

test("the program's own server answers while the clock stands", deadline, () =>
  withProgram(
    `require("node:http").createServer((_, answer) => setImmediate(() => answer.end(String(Date.now()))))
       .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
     setTimeout(() => {}, 1000);`,
    {},
    async (harness) => {
      await harness.until(() => harness.lines.length > 0);
      const read = () => fetch(`http://127.0.0.1:${harness.lines[0]}`).then((answer) => answer.text());
      const first = await read();
      assert.equal(await read(), first);
      const reply = await harness.advance(0);
      assert.equal(reply.next_ms, 1000);
      assert.equal(reply.in_flight, 0);
    },
  ));
