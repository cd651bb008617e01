import type { TestAPI } from "vitest";
import type { NewSpace, Space } from "./index.js";

/** A `test` whose spaces are made with these options; the journal is printed when one fails. */
export declare function crispTest(options?: NewSpace): TestAPI<{ crisp: Space }>;
export declare const test: TestAPI<{ crisp: Space }>;
