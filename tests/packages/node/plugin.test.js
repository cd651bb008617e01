const assert = require("node:assert/strict");
const { crispTest } = require("crisp-mock/node-test");
const { settingsOfAll } = require("./plugin.js");
const test = crispTest({ websites: 3 });

test("an outage of two requests is survived", async ({ crisp }) => {
  await crisp.save("w2", { message: "Bonjour" });
  await crisp.fault("list#1..2", { status: 503 });
  const settings = await settingsOfAll(crisp.facts);
  assert.deepEqual([...settings.values()][1], { message: "Bonjour" });
  await crisp.expectNoUnfired();
});
