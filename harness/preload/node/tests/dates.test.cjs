"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { test } = require("node:test");
const { PRELOAD, START, withProgram } = require("./driver.cjs");

const deadline = { timeout: 20_000 };

test("a program sees the date that the harness names, in all its forms", deadline, () =>
  withProgram(
    `setTimeout(() => {
       class Mine extends Date {}
       const form = new Intl.DateTimeFormat("en", { timeZone: "Asia/Tokyo", timeStyle: "medium" });
       console.log(JSON.stringify({
         now: Date.now(), fresh: +new Date(), text: Date() === String(new Date()),
         mine: +new Mine(), isMine: new Mine() instanceof Mine, isDate: new Date() instanceof Date,
         of: new Date(2020, 0, 1).constructor === Date, parse: Date.parse("1970-01-01T00:00:01Z"),
         form: form.format() === form.format(Date.now()), parts: form.formatToParts().length > 3,
         name: Date.name, length: Date.length,
       }));
     }, 1500);`,
    {},
    async (harness) => {
      await harness.advance(1500);
      await harness.until(() => harness.lines.length > 0);
      const now = START + 1500;
      assert.deepEqual(JSON.parse(harness.lines[0]), {
        now,
        fresh: now,
        text: true,
        mine: now,
        isMine: true,
        isDate: true,
        of: true,
        parse: 1000,
        form: true,
        parts: true,
        name: "Date",
        length: 7,
      });
    },
  ));

test("what counts up does so by the clock, whatever the date does", deadline, () =>
  withProgram(
    `const [high, big, uptime] = [process.hrtime(), process.hrtime.bigint(), process.uptime()];
     const date = Date.now();
     setTimeout(() => console.log(process.hrtime(high).join(), process.hrtime.bigint() - big,
       process.uptime() - uptime, performance.now(), Date.now() - date), 1250);`,
    {},
    async (harness) => {
      await harness.advance(0);
      harness.shift = -60_000;
      await harness.advance(1250);
      await harness.until(() => harness.lines.length > 0);
      assert.equal(harness.lines[0], "1,250000000 1250000000n 1.25 1250 -58750");
    },
  ));

test("chance comes from the seed, the same in every run", deadline, async () => {
  const draw = async (seed) => {
    let drawn;
    const source = "console.log([1, 2, 3].map(Math.random).join()); setInterval(() => {}, 1e6)";
    await withProgram(source, { env: { CRISP_SEED: seed } }, async (harness) => {
      await harness.until(() => harness.lines.length > 0);
      [drawn] = harness.lines;
    });
    return drawn;
  };
  const [one, again, other] = [await draw("1"), await draw("1"), await draw("2")];
  assert.equal(one, again);
  assert.notEqual(one, other);
  assert.ok(one.split(",").every((number) => number >= 0 && number < 1));
});

test("without a channel nothing is replaced", () => {
  const source = "console.log(require('node:util').types.isProxy(Date), setTimeout.toString().length)";
  const { CRISP_CLOCK_CHANNEL, ...env } = process.env;
  const run = (...options) => execFileSync(process.execPath, [...options, "-e", source], { env });
  assert.deepEqual(run("--require", PRELOAD), run());
});

test("Temporal tells the clock's time, where there is one", deadline, () =>
  withProgram(
    `setInterval(() => {}, 1_000);
     const show = (now) => [now.instant(), now.plainDateTimeISO("UTC"), now.plainDateISO("UTC"), now.plainTimeISO("UTC")];
     setTimeout(() => console.log((globalThis.Temporal ? show(Temporal.Now) : ["none"]).join(" ")), 1_500);`,
    {},
    async (harness) => {
      await harness.advance(1_000);
      await harness.advance(1_500);
      await harness.until(() => harness.lines.length >= 1);
      const wanted = "2026-05-04T10:00:01.5Z 2026-05-04T10:00:01.5 2026-05-04 10:00:01.5";
      assert.equal(harness.lines[0], typeof Temporal === "undefined" ? "none" : wanted);
    },
  ));
