#!/usr/bin/env node
// Starts the program of this platform in place of itself: arguments, streams, signals and the exit
// code go through.

"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { binary, failedToStart } = require("../lib/binary.js");

// As a shell says that a command was not found.
const NOT_FOUND = 127;

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

function fail(error) {
  process.stderr.write(`crisp-mock: ${error.message}\n`);
  process.exitCode = NOT_FOUND;
}

function run(program) {
  const child = spawn(program, withParent(process.argv.slice(2)), { stdio: "inherit" });
  // At a terminal Ctrl-C reaches the program by itself, and a second one would end it at once.
  const terminal = [0, 1, 2].some((stream) => require("node:tty").isatty(stream));
  const passed = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of passed) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !terminal) {
        child.kill(signal);
      }
    });
  }
  child.on("error", (error) => fail(failedToStart(program, error)));
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // Ends as the program did; where that signal does not end this process, with the shell's code.
    passed.forEach((name) => process.removeAllListeners(name));
    process.exitCode = 128 + constants.signals[signal];
    process.kill(process.pid, signal);
  });
}

let program;
try {
  program = binary();
} catch (error) {
  fail(error);
}
if (program !== undefined) {
  run(program);
}
