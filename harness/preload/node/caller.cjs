// Where the code lies that called a function.

"use strict";

// The file of what called this function: `node:…` where that is Node itself, "" where it has none.
function fileOfCaller(called) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_, [site]) => site?.getFileName() ?? "";
  const here = {};
  Error.captureStackTrace(here, called);
  const file = here.stack;
  Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  return typeof file === "string" ? file : "";
}

module.exports = { fileOfCaller };
