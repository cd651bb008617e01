"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { START, withProgram } = require("./driver.cjs");

const deadline = { timeout: 20_000 };

test("alarms ring in the order in which they are due, each at its own time", deadline, () =>
  withProgram(
    `const say = (name) => console.log(name, Math.round(performance.now()));
     setTimeout(say, 30, "late"); setTimeout(say, 10, "early"); setTimeout(say, 10, "after it");
     setInterval(say, 20, "every");`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(0)).next_ms, 10);
      const reply = await harness.advance(45);
      assert.equal(reply.next_ms, 15);
      assert.equal(reply.now_ms, 45);
      const wanted = ["early 10", "after it 10", "every 20", "late 30", "every 40"];
      await harness.until(() => harness.lines.length >= wanted.length);
      assert.deepEqual(harness.lines, wanted);
    },
  ));

test("what Node keeps house by is no alarm while the program waits for another, and rings on the way", deadline, () =>
  withProgram(
    `const http = require("node:http");
     const server = http.createServer().listen(0, "127.0.0.1"); // looks for slow clients each 30 s
     const unheard = AbortSignal.timeout(5_000), heard = AbortSignal.timeout(50_000);
     heard.addEventListener("abort", () => console.log("aborted", Math.round(performance.now())));
     setTimeout(() => console.log(unheard.aborted), 60_000);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(0)).next_ms, 50_000);
      assert.equal((await harness.advance(50_000)).next_ms, 10_000);
      await harness.advance(60_000);
      await harness.until(() => harness.lines.length >= 2);
      assert.deepEqual(harness.lines, ["aborted 50000", "true"]);
    },
  ));

test("an order tells on request what was found before the clock moved", deadline, () =>
  withProgram(
    `setTimeout(() => {}, 10); setTimeout(() => fetch(process.env.API), 30);`,
    {},
    async (harness) => {
      const wall_ms = START + 30;
      const reply = await harness.peers[0].ask({ advance_to_ms: 30, wall_ms, tell_found: true });
      const { entered, ...found } = reply.found;
      assert.ok(entered < reply.entered);
      assert.deepEqual([found.now_ms, found.next_ms, found.in_flight, found.asked], [0, 10, 0, 0]);
      assert.deepEqual([reply.now_ms, reply.in_flight, reply.asked], [30, 1, 1]);
      assert.equal((await harness.peers[0].ask({ advance_to_ms: 30, wall_ms })).found, undefined);
    },
  ));

test("fetch is still Node's own to the program", deadline, () =>
  withProgram(
    `setInterval(() => {}, 1_000);
     process.on("unhandledRejection", (error) => console.log(error.name));
     console.log(fetch.name, fetch.length, fetch("http://127.0.0.1:1") instanceof Promise);`,
    {},
    async (harness) => {
      await harness.advance(0);
      await harness.until(() => harness.lines.length >= 2);
      assert.deepEqual(harness.lines, ["fetch 1 true", "TypeError"]);
    },
  ));

// `fetch` listens to its signal after the answer has come, too.
const POLLS = `const poll = async () => {
     const signal = AbortSignal.timeout(10_000);
     await (await fetch(process.env.API, { signal })).text();
     setTimeout(() => console.log(signal.aborted, performance.now()), 60_000);
   };
   poll();`;

test("a fetch over a connection that was kept goes out at its time", deadline, () =>
  withProgram(
    `const poll = async () => {
       await (await fetch(process.env.API, { signal: AbortSignal.timeout(5_000) })).text();
       setTimeout(poll, 1_000);
     };
     poll();`,
    {},
    async (harness) => {
      let reply = await harness.settle();
      for (let asked = 1; asked < 4; asked++) {
        assert.equal(reply.asked, asked);
        harness.answer();
        while ((reply = await harness.advance(0)).next_ms !== 1_000);
        reply = await harness.settle(1_000);
        if (reply.next_ms === 1) {
          reply = await harness.settle(1);
        }
      }
      assert.equal(reply.asked, 4);
    },
  ));

async function isAnswered(harness) {
  const asks = await harness.advance(0);
  assert.equal(asks.in_flight, 1);
  harness.answer();
}

test("the time-out of a fetch that was answered is no alarm", deadline, () =>
  withProgram(POLLS, {}, async (harness) => {
    await isAnswered(harness);
    assert.equal((await harness.advance(0)).next_ms, 60_000);
    await harness.advance(60_000);
    await harness.until(() => harness.lines.length >= 1);
    assert.deepEqual(harness.lines, ["true 60000"]);
  }),
);

test("it is one where something of the program's listens to it or may fetch by it", deadline, async () => {
  // From Node 26 on, `fetch` takes its listener away when the answer has come in whole.
  const left = Number.parseInt(process.versions.node, 10) < 26 ? 10_000 : 60_000;
  const others = [
    [10_000, `const { timeout } = AbortSignal;
     AbortSignal.timeout = (ms) => {
       const signal = timeout(ms);
       globalThis.later = new Request(process.env.API, { signal });
       return signal;
     };`],
    [10_000, `const { timeout } = AbortSignal;
     AbortSignal.timeout = (ms) => {
       const signal = timeout(ms);
       signal.addEventListener("abort", () => {});
       return signal;
     };`],
    [left, `const other = require("node:net").createServer().listen(0, "127.0.0.1", () => {
       require("node:net").connect(other.address().port, "127.0.0.1");
     });`],
  ];
  for (const [next, other] of others) {
    await withProgram(other + POLLS, {}, async (harness) => {
      await isAnswered(harness);
      assert.equal((await harness.advance(0)).next_ms, next);
    });
  }
});

test("what a timer leads to at once is done before the reply", deadline, () =>
  withProgram(
    `const fs = require("node:fs"), zlib = require("node:zlib"), crypto = require("node:crypto");
     setTimeout(() => fs.readFile(process.execPath, { length: 1 }, () =>
       zlib.gzip(Buffer.alloc(3e6, "text"), () =>
         crypto.pbkdf2("a", "b", 30_000, 32, "sha256", async () => {
           await fs.promises.stat("/");
           for (let i = 0; i < 50; i++) await new Promise(setImmediate);
           setTimeout(() => {}, 777);
         }))), 10);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(10)).next_ms, 777);
    },
  ));

// Before its first request `fetch` waits for its parser, which is such a module. If time went on
// meanwhile, a busy machine would have the request time out before it is sent.
test("what a compiled module of WebAssembly leads to is done before the reply", deadline, () =>
  withProgram(
    `const size = (n) => n < 128 ? [n] : [(n & 127) | 128, ...size(n >> 7)];
     const section = (kind, bytes) => [kind, ...size(bytes.length), ...bytes];
     const count = 20_000, body = [0, ...Array(20).fill([0x41, 7, 0x1a]).flat(), 0x0b];
     const bodies = Array(count).fill([...size(body.length), ...body]).flat();
     const module = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
       ...section(1, [1, 0x60, 0, 0]),
       ...section(3, [...size(count), ...Array(count).fill(0)]),
       ...section(10, [...size(count), ...bodies])]);
     setTimeout(async () => {
       await WebAssembly.instantiate(await WebAssembly.compile(module));
       setTimeout(() => {}, 777);
     }, 10);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(10)).next_ms, 777);
    },
  ));

test("a timer is one of Node's own, and can be cleared, refreshed and held", deadline, () =>
  withProgram(
    `const native = require("node:timers");
     const timer = setTimeout(() => console.log("rang", Date.now() % 100_000), 50);
     console.log(timer.constructor.name, timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef());
     console.log(typeof +timer, timer[Symbol.toPrimitive]() === +timer);
     setTimeout(() => timer.refresh(), 40);
     clearTimeout(setTimeout(() => console.log("cleared"), 5));
     clearTimeout(String(+setTimeout(() => console.log("cleared by its number"), 5)));
     clearInterval(+setInterval(() => console.log("cleared interval"), 5));
     const own = setTimeout(function (...args) { console.log(this === own, args.join()); }, 1, 2, 3);
     try { setTimeout("text", 1); } catch (error) { console.log(error.code); }`,
    {},
    async (harness) => {
      await harness.advance(200);
      const wanted = [
        "Timeout true false true",
        "number true",
        "ERR_INVALID_ARG_TYPE",
        "true 2,3",
        "rang 90",
      ];
      await harness.until(() => harness.lines.length >= wanted.length);
      assert.deepEqual(harness.lines, wanted);
    },
  ));

test("promises of node:timers and util.promisify wait, and are aborted", deadline, () =>
  withProgram(
    `import { setTimeout as sleep, setInterval as every, scheduler } from "node:timers/promises";
     import { promisify } from "node:util";
     import { setTimeout as plain } from "node:timers";
     const at = () => Math.round(performance.now());
     console.log(await sleep(10, "value"), at());
     await scheduler.wait(10); console.log(at());
     await promisify(setTimeout)(10); console.log(at());
     plain(() => console.log("plain", at()), 1);
     let rounds = 0;
     for await (const _ of every(10)) { console.log("round", at()); if (++rounds === 2) break; }
     const controller = new AbortController();
     setTimeout(() => controller.abort(), 5);
     await sleep(1000, null, { signal: controller.signal }).catch((error) => console.log(error.code, at()));
     const signal = AbortSignal.timeout(7);
     signal.addEventListener("abort", () => console.log(signal.reason.name, at()));
     await sleep(20);`,
    { module: true },
    async (harness) => {
      await harness.advance(200);
      const wanted = ["value 10", "20", "30", "plain 31", "round 40", "round 50"];
      wanted.push("ABORT_ERR 55", "TimeoutError 62");
      await harness.until(() => harness.lines.length >= wanted.length);
      assert.deepEqual(harness.lines, wanted);
    },
  ));

test("a program ends by itself when nothing holds it, and not before", deadline, () =>
  withProgram("setTimeout(() => {}, 10); setInterval(() => {}, 5).unref();", {}, async (harness) => {
    assert.equal((await harness.advance(9)).next_ms, 1);
    harness.now += 1;
    harness.peers[0].ask({ advance_to_ms: harness.now, wall_ms: 0 });
    assert.equal((await harness.ended).code, 0);
  }));

test("an error in a timer ends the program as it always does", deadline, () =>
  withProgram("setTimeout(() => { throw new Error('planted'); }, 10);", {}, async (harness) => {
    harness.peers[0].ask({ advance_to_ms: 10, wall_ms: 0 });
    const { code, text } = await harness.ended;
    assert.equal(code, 1);
    assert.match(text, /Error: planted/);
  }));

test("a timer keeps its asynchronous context", deadline, () =>
  withProgram(
    `const { AsyncLocalStorage } = require("node:async_hooks");
     const storage = new AsyncLocalStorage();
     storage.run("mine", () => setTimeout(() => console.log(storage.getStore()), 1));
     storage.run("other", () => setTimeout(() => console.log(storage.getStore()), 1));`,
    {},
    async (harness) => {
      await harness.advance(1);
      await harness.until(() => harness.lines.length >= 2);
      assert.deepEqual(harness.lines, ["mine", "other"]);
    },
  ));

test("a timer that an event of the program's begins is one of the program's", deadline, () =>
  withProgram(
    `const bus = new (require("node:events"))();
     bus.once("begin", setTimeout.bind(null, () => console.log("rang"), 30));
     bus.emit("begin");
     setInterval(() => {}, 1_000);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(0)).next_ms, 30);
      await harness.advance(30);
      await harness.until(() => harness.lines.length >= 1);
    },
  ));

test("a wait that keeps the machine's time is told", deadline, () =>
  withProgram(
    `const cell = new Int32Array(new SharedArrayBuffer(4));
     Atomics.waitAsync?.(cell, 0, 0);
     setTimeout(() => Atomics.waitAsync?.(cell, 0, 0, 1_000_000), 10);
     setTimeout(() => {}, 30);`,
    {},
    async (harness) => {
      assert.equal((await harness.advance(0)).unmoved, null);
      const told = Atomics.waitAsync ? "Atomics.waitAsync" : null;
      assert.equal((await harness.advance(10)).unmoved, told);
    },
  ));

test("a timer that a part of Node sets for the program is an alarm", deadline, async () => {
  const ways = [
    `new (require("node:async_hooks").AsyncLocalStorage)().run({}, setTimeout, f, 5_000)`,
    `new (require("node:async_hooks").AsyncResource)("X").runInAsyncScope(setTimeout, null, f, 5_000)`,
    `setImmediate(setTimeout, f, 5_000)`,
    `require("node:child_process").execFile("sleep", ["20"], { timeout: 5_000 }, f)`,
  ];
  for (const way of ways) {
    await withProgram(`const f = () => {}; setTimeout(f, 60_000); ${way};`, {}, async (harness) => {
      assert.equal((await harness.advance(0)).next_ms, 5_000, way);
    });
  }
});

test("what is no timer can be cleared", deadline, () =>
  withProgram(
    `clearTimeout(Object.create(null)); clearInterval(Symbol.iterator); clearTimeout(undefined); console.log("done");`,
    {},
    async (harness) => {
      await harness.until(() => harness.lines.length >= 1);
      assert.deepEqual(harness.lines, ["done"]);
    },
  ));
