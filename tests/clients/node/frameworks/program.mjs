// Waits for a program of another language before it begins: its clock cannot be moved.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { serve } from "./serve.cjs";
import { Copy, POLL_MS } from "./sync.cjs";

const copy = new Copy();
serve(() => copy.shown);

await promisify(execFile)("sleep", [process.env.SLEEP_SECONDS ?? "0.2"]);
setInterval(() => copy.poll(), POLL_MS);
copy.poll();
