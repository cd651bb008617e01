// For Vitest: `test("…", async ({ crisp }) => …)` with a space for each test.

import { afterAll, test as base } from "vitest";
import each from "./lib/each.js";

const shared = new each.Shared();
afterAll(() => shared.stop());

/** A `test` whose spaces are made with these options. */
export function crispTest(options = {}) {
  return base.extend({
    crisp: async ({ task }, use) => {
      const space = await shared.space(options);
      try {
        await use(space);
        if (task.result?.state === "fail") {
          await each.tell(space, task.name).catch(() => {});
        }
      } finally {
        await space.close().catch(() => {});
      }
    },
  });
}

export const test = crispTest();
