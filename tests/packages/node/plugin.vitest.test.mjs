import { expect } from "vitest";
import { crispTest } from "crisp-mock/vitest";
import { settingsOfAll } from "./plugin.js";

const test = crispTest({ websites: 3 });

for (const turn of [1, 2]) {
  test.concurrent(`an outage of two requests is survived, ${turn}`, async ({ crisp }) => {
    await crisp.fault("list#1..2", { status: 503 });
    expect((await settingsOfAll(crisp.facts)).size).toBe(3);
    await crisp.expectNoUnfired();
  });
}
