"use strict";

const assert = require("node:assert/strict");
const { afterEach, beforeEach, test } = require("node:test");
const { settingsOfAll } = require("./plugin.js");
const { freshWorld } = require("./world.js");

let world;
beforeEach(async () => (world = await freshWorld()));
afterEach(() => world.close());

test("what an operator saves is what the plugin holds", async () => {
  await world.control("PUT", "/websites/w2/settings", { message: "Bonjour" });
  const { websites } = await world.control("GET", "/websites");
  const truth = Object.entries(websites).map(([id, website]) => [id, website.settings]);
  assert.deepEqual(await settingsOfAll(world), new Map(truth));
});

test("an outage of two requests is survived", async () => {
  await world.control("POST", "/faults", { at: "list#1..2", status: 503 });
  assert.equal((await settingsOfAll(world)).size, 3);
  // The fault did meet us: without this the test would prove nothing.
  const { faults } = await world.control("GET", "/faults");
  assert.equal(faults[0].never_fired, false);
});

test("a longer outage is reported", async () => {
  await world.control("POST", "/faults", { at: "list", status: 503 });
  await assert.rejects(settingsOfAll(world), /503/);
  const { count } = await world.control("GET", "/requests?operation=list");
  assert.equal(count, 3);
});

test("no other test is seen in here", async () => {
  assert.equal((await world.control("GET", "/requests")).total, 0);
  assert.equal((await settingsOfAll(world)).size, 3);
});
