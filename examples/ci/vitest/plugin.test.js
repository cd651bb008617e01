// The same with Vitest: run `crisp-mock exec -- npm test`. A space for each test, so that files may
// run in parallel, as Vitest does by itself. Jest has the same `beforeEach` and `afterEach`.

import { afterEach, beforeEach, expect, test } from "vitest";
import { settingsOfAll } from "../node/plugin.js";
import { freshWorld } from "../node/world.js";

let world;
beforeEach(async () => {
  world = await freshWorld();
});
afterEach(() => world.close());

test("what an operator saves is what the plugin holds", async () => {
  await world.control("PUT", "/websites/w2/settings", { message: "Bonjour" });
  const held = await settingsOfAll(world);
  expect([...held.values()]).toContainEqual({ message: "Bonjour" });
});

test("an outage of two requests is survived", async () => {
  await world.control("POST", "/faults", { at: "list#1..2", status: 503 });
  expect((await settingsOfAll(world)).size).toBe(3);
});

test("a longer outage is reported", async () => {
  await world.control("POST", "/faults", { at: "list", status: 503 });
  await expect(settingsOfAll(world)).rejects.toThrow(/503/);
  expect((await world.control("GET", "/requests?operation=list")).count).toBe(3);
});
