// For `node:test`: `test("…", async ({ crisp }) => …)` with a space for each test.

"use strict";

const base = require("node:test");
const { Shared, inSpace } = require("./lib/each.js");

const shared = new Shared();
base.after(() => shared.stop());

/** A `test` whose spaces are made with these options. */
function crispTest(options = {}) {
  const wrap = (run) => (name, body) =>
    run(name, (t) => inSpace(shared, options, name, (crisp) => body({ crisp, t })));
  const test = wrap(base.test);
  test.only = wrap(base.test.only);
  test.skip = wrap(base.test.skip);
  test.todo = wrap(base.test.todo);
  return test;
}

module.exports = { crispTest, test: crispTest() };
