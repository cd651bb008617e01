import type { TestContext } from "node:test";
import type { NewSpace, Space } from "./index.js";

/** The body of a test: `crisp` is a space that is gone after it, `t` the context of `node:test`. */
export type Body = (context: { crisp: Space; t: TestContext }) => void | Promise<void>;

/** `node:test`'s, with a space for each test; the journal is printed when it fails. */
export interface CrispTest {
  (name: string, body: Body): Promise<void>;
  only(name: string, body: Body): Promise<void>;
  skip(name: string, body: Body): Promise<void>;
  todo(name: string, body: Body): Promise<void>;
}

/** A `test` whose spaces are made with these options. */
export declare function crispTest(options?: NewSpace): CrispTest;
export declare const test: CrispTest;
