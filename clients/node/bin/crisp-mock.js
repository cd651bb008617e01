#!/usr/bin/env node
// Starts crisp-mock.

"use strict";

const { launch } = require("../lib/launch.js");

// `serve` and `exec` run until they are ended. A SIGKILL cannot be passed on, so the program itself
// looks whether this process is still there.
function withParent(words) {
  const endless = words[0] === "serve" || words[0] === "exec";
  const own = words.indexOf("--") === -1 ? words : words.slice(0, words.indexOf("--"));
  const given = process.env.CRISP_MOCK_PARENT_PID || own.some((word) => word.startsWith("--parent-pid"));
  if (!endless || given) {
    return words;
  }
  return [words[0], "--parent-pid", String(process.pid), ...words.slice(1)];
}

launch("crisp-mock", withParent(process.argv.slice(2)));
