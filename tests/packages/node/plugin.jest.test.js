const { expect } = require("@jest/globals");
const { crispTest } = require("crisp-mock/jest");
const { settingsOfAll } = require("./plugin.js");

const test = crispTest({ websites: 3 });

test("an outage of two requests is survived", async ({ crisp }) => {
  await crisp.fault("list#1..2", { status: 503 });
  expect((await settingsOfAll(crisp.facts)).size).toBe(3);
  await crisp.expectNoUnfired();
});
