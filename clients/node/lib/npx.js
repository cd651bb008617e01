// npx that is ended by a signal passes it on to nothing: what it started has to look for itself.

"use strict";

const { readFileSync } = require("node:fs");

const EVERY_MS = 200;

/** The process that started this one; 0 where that cannot be read (it can on Linux). */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in brackets, may hold spaces and brackets.
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
  } catch {
    return 0;
  }
}

/** npx starts a program as `sh -c PROGRAM`, and some shells give their place to the program. */
function startedByShell() {
  try {
    return readFileSync(`/proc/${process.ppid}/cmdline`, "latin1").split("\0")[1] === "-c";
  } catch {
    return false;
  }
}

/** Calls `then`, perhaps more than once, when the npx that started this process is gone. */
function whenNpxIsGone(then) {
  if (process.env.npm_command !== "exec") {
    return;
  }
  const [parent, above] = [process.ppid, startedByShell() ? parentOf(process.ppid) : 0];
  const gone = () => process.ppid !== parent || (above !== 0 && parentOf(parent) !== above);
  setInterval(() => gone() && then(), EVERY_MS).unref();
}

module.exports = { whenNpxIsGone };
