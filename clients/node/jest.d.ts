import type { NewSpace, Space } from "./index.js";

/** The body of a test: `crisp` is a space that is gone after it. */
export type Body = (context: { crisp: Space }) => void | Promise<void>;

/** Jest's, with a space for each test; the journal is printed when it fails. */
export interface CrispTest {
  (name: string, body: Body, timeout?: number): void;
  only(name: string, body: Body, timeout?: number): void;
  skip(name: string, body: Body, timeout?: number): void;
  todo(name: string): void;
}

/** A `test` whose spaces are made with these options. */
export declare function crispTest(options?: NewSpace): CrispTest;
export declare const test: CrispTest;
