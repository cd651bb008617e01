// Every call of a space.

const assert = require("node:assert/strict");
const { crispTest, test } = require("crisp-mock/node-test");
const { start } = require("crisp-mock");
const { settingsOfAll } = require("./plugin.js");

const manual = crispTest({ websites: 3, clock: "manual" });

manual("websites come and go, and settings are theirs", async ({ crisp }) => {
  await crisp.uninstall("w1");
  assert.equal((await settingsOfAll(crisp.facts)).size, 2);
  await crisp.install("w1", { settings: { message: "back" } });
  const installed = await crisp.install();
  assert.equal(installed.name, "w4");
  const held = await settingsOfAll(crisp.facts);
  assert.equal(held.size, 4);
  assert.deepEqual(Object.keys(await crisp.websites()).sort(), [...held.keys()].sort());
});

manual("time is the test's", async ({ crisp }) => {
  const { elapsed_ms, mode } = await crisp.advance("20s");
  assert.deepEqual([elapsed_ms, mode], [20_000, "manual"]);
});

manual("a request is waited for, and one that does not come is none", async ({ crisp }) => {
  const waited = crisp.requests({ operation: "list", wait: "10s" });
  await settingsOfAll(crisp.facts);
  assert.equal((await waited)[0].occurrence, 1);
  assert.deepEqual(await crisp.requests({ operation: "save_settings", wait: "10ms" }), []);
});

manual("events have numbers, and a fault that met nothing is named", async ({ crisp }) => {
  const event = await crisp.emit("message:send", "w1", { content: "Hi" });
  assert.equal(event.data.content, "Hi");
  await crisp.fault({ at: "since#2", reset: true });
  await assert.rejects(crisp.expectNoUnfired(), /since#2.*did not try/);
  await assert.rejects(crisp.save("w9", {}), /w9/);
});

test("without options a space is as the server's", async ({ crisp }) => {
  assert.equal(Object.keys(await crisp.websites()).length, 25);
});

test("a server of one's own gives further spaces its options", async () => {
  const mock = await start({ websites: 2 });
  const space = await mock.space({ clock: "manual" });
  assert.equal(Object.keys(await space.websites()).length, 2);
  assert.notEqual(space.key, mock.key);
  assert.equal(mock.env.CRISP_REST_HOST, mock.url);
  await space[Symbol.asyncDispose]();
  await assert.rejects(space.websites(), /no space/);
  await mock.close();
});

test("options that do not fit are refused with what would", async () => {
  await assert.rejects(start({ websites: -1 }), /websites/);
  if (!process.env.CRISP_MOCK_CONTROL_URL) {
    await assert.rejects(start({ args: ["--websits", "3"] }), /ended with 2 .*--websites/s);
  }
});
