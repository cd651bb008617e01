// A space for each test, whatever runs the tests.

"use strict";

const { start } = require("./server.js");

/** A server that is started when the first test asks for it, and stopped after the last. */
class Shared {
  #started;

  space(options) {
    this.#started ??= start();
    return this.#started.then((mock) => mock.space(options));
  }

  async stop() {
    const started = this.#started;
    this.#started = undefined;
    // A start that failed has failed its tests already.
    const mock = await started?.catch(() => undefined);
    await mock?.close();
  }
}

/** Prints the journal of a test that failed. */
async function tell(space, name) {
  console.error(`${name}\n${await space.journal()}`);
}

/** Runs the body of a test with a space of its own. */
async function inSpace(shared, options, name, body) {
  const space = await shared.space(options);
  try {
    return await body(space);
  } catch (error) {
    // The test's own error is what is reported, also where the server is gone.
    await tell(space, name).catch(() => {});
    throw error;
  } finally {
    await space.close().catch(() => {});
  }
}

module.exports = { Shared, inSpace, tell };
