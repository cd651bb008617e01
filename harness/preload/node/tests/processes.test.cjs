"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { START, withProgram } = require("./driver.cjs");

const deadline = { timeout: 30_000 };

test("hello says who speaks, and what is no order is refused", deadline, () =>
  withProgram("setInterval(() => {}, 1000)", {}, async (harness) => {
    const [peer] = harness.peers;
    const { hello, nonce, pid, thread, runtime, version } = peer.hello;
    assert.deepEqual(
      { hello, nonce, pid, thread, runtime, version },
      {
        hello: 1,
        nonce: "a nonce",
        pid: harness.program.pid,
        thread: 0,
        runtime: "node",
        version: process.versions.node,
      },
    );
    for (const order of [{}, { advance_to_ms: "1", wall_ms: 1 }, { advance_to_ms: -1, wall_ms: 1 }]) {
      assert.match((await peer.ask(order)).error, /advance_to_ms/);
    }
    assert.equal((await harness.advance(0)).next_ms, 1000);
  }));

test("the preload writes nothing, whatever version of V8 it meets", deadline, () =>
  withProgram("setInterval(() => {}, 1000)", {}, async (harness) => {
    await harness.advance(0);
    harness.program.kill();
    assert.equal((await harness.ended).text, "");
  }));

test("a clock is never set back", deadline, () =>
  withProgram("setInterval(() => {}, 1000)", {}, async (harness) => {
    await harness.advance(500);
    const reply = await harness.peers[0].ask({ advance_to_ms: 100, wall_ms: START });
    assert.deepEqual([reply.now_ms, reply.next_ms], [500, 500]);
  }));

test("a line that is too long closes the channel, and the program goes on", deadline, () =>
  withProgram(
    `require("node:http").createServer((_, answer) => answer.end("alive"))
       .listen(0, "127.0.0.1", function () { console.log(this.address().port); });`,
    {},
    async (harness) => {
      harness.peers[0].socket.write("x".repeat(70_000));
      await harness.until(() => harness.peers.length === 0 && harness.lines.length > 0);
      const answer = await fetch(`http://127.0.0.1:${harness.lines[0]}`);
      assert.equal(await answer.text(), "alive");
    },
  ));

const CHILDREN = {
  "a worker thread": `const { Worker } = require("node:worker_threads");
     setTimeout(() => new Worker(program, { eval: true }), 100);`,
  "a child process": `const { spawn } = require("node:child_process");
     setTimeout(() => spawn(process.execPath, ["-e", program], { stdio: "inherit" }), 100);`,
};

for (const [name, source] of Object.entries(CHILDREN)) {
  test(`${name} reports by itself, and begins at the time that it is`, deadline, () =>
    withProgram(
      `const program = 'setTimeout(() => console.log(Date.now(), performance.now()), 50)'; ${source}`,
      {},
      async (harness) => {
        const reply = await harness.advance(100);
        assert.equal(reply.workers + reply.children.length, 1);
        await harness.until(() => harness.peers.length === 2);
        const { hello } = harness.peers[1];
        if (reply.workers) {
          assert.equal(hello.pid, harness.program.pid);
          assert.ok(hello.thread > 0);
        } else {
          assert.deepEqual(reply.children, [hello.pid]);
          assert.equal(hello.parent, harness.program.pid);
        }
        await harness.advance(0);
        harness.now += 50;
        const order = { advance_to_ms: harness.now, wall_ms: START + harness.now };
        harness.peers.forEach((peer) => peer.ask(order));
        await harness.until(() => harness.lines.length > 0);
        assert.equal(harness.lines[0], `${START + 150} 50`);
      },
    ));
}

test("a child that the program does not wait for is detached", deadline, () =>
  withProgram(
    `const { spawn } = require("node:child_process");
     const held = spawn("sleep", ["60"], { stdio: "ignore" });
     const left = spawn("sleep", ["60"], { stdio: "ignore" });
     left.unref();
     console.log(held.pid, left.pid);
     setTimeout(() => (held.kill(), left.kill()), 100);`,
    {},
    async (harness) => {
      const reply = await harness.advance(0);
      await harness.until(() => harness.lines.length > 0);
      const [held, left] = harness.lines[0].split(" ").map(Number);
      assert.deepEqual(reply.children, [held, left]);
      assert.deepEqual(reply.detached, [left]);
      await harness.advance(100);
    },
  ));

test("a program that does not come to rest says why each second", deadline, () =>
  withProgram("(function turn() { setImmediate(turn); })()", {}, async (harness) => {
    harness.peers[0].ask({ advance_to_ms: 1, wall_ms: 1 });
    await harness.until(() => harness.peers[0].late.length > 0);
    assert.equal(harness.peers[0].late[0].because, "Immediate");
  }));

test("the count of what was done stays the same while nothing is done", deadline, () =>
  withProgram(
    `process.on("message", () => {}); setTimeout(() => console.log("once"), 10); setInterval(() => {}, 500)`,
    {},
    async (harness) => {
      await harness.advance(10);
      await harness.advance(0);
      const seen = [];
      for (let i = 0; i < 5; i++) {
        seen.push((await harness.advance(0)).entered);
      }
      assert.equal(new Set(seen).size, 1);
      assert.ok((await harness.advance(490)).entered > seen[0]);
    },
  ));

for (const [name, source] of Object.entries({
  "a program": "",
  "a program that tells its hooks what to load": "const { port2 } = new MessageChannel(); told = [port2];",
  "a program that hears from a port": "new MessageChannel().port1.on('message', () => {});",
})) {
  test(`the module hooks of ${name} have no clock, and what they load is loaded before the reply`, deadline, () =>
    withProgram(
      `import { register } from "node:module";
       const slow = "export const load = async (url, context, next) => {" +
         "const end = performance.now() + 100; while (performance.now() < end); return next(url, context); }";
       let told = [];
       ${source}
       register("data:text/javascript," + encodeURIComponent(slow), { data: told, transferList: told });
       await import("data:text/javascript,export default 1");
       setTimeout(() => {}, 321);`,
      { module: true },
      async (harness) => {
        assert.equal((await harness.advance(0)).next_ms, 321);
        assert.equal(harness.peers.length, 1);
      },
    ));
}

test("a channel that the program listens to is no module that is being loaded", deadline, () =>
  withProgram(
    `const heard = new BroadcastChannel("news"), told = new BroadcastChannel("news");
     heard.onmessage = ({ data }) => { console.log(data); heard.close(); };
     setTimeout(() => told.postMessage("told"), 100);
     setTimeout(() => told.close(), 200);
     setTimeout(() => {}, 400);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(0)).next_ms, 100);
      assert.equal((await harness.advance(100)).next_ms, 100);
      await harness.until(() => harness.lines.length >= 1);
      assert.equal((await harness.advance(100)).next_ms, 200);
    },
  ));
