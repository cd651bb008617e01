// For Jest: `test("…", async ({ crisp }) => …)` with a space for each test.

"use strict";

const globals = require("@jest/globals");
const { Shared, inSpace } = require("./lib/each.js");

const shared = new Shared();
globals.afterAll(() => shared.stop());

/** A `test` whose spaces are made with these options. */
function crispTest(options = {}) {
  const wrap = (run) => (name, body, timeout) =>
    run(name, () => inSpace(shared, options, name, (crisp) => body({ crisp })), timeout);
  const test = wrap(globals.test);
  test.only = wrap(globals.test.only);
  test.skip = wrap(globals.test.skip);
  test.todo = globals.test.todo;
  return test;
}

module.exports = { crispTest, test: crispTest() };
