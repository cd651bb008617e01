// Starts a program of this platform in place of this one: arguments, streams, signals and the exit code
// go through.

"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { isatty } = require("node:tty");
const { binary, failedToStart } = require("./binary.js");
const { whenNpxIsGone } = require("./npx.js");

// As a shell says that a command was not found.
const NOT_FOUND = 127;

function fail(program, error) {
  process.stderr.write(`${program}: ${error.message}\n`);
  process.exitCode = NOT_FOUND;
}

/** Starts this program with these words. */
function launch(program, words) {
  let file;
  try {
    file = binary(undefined, program);
  } catch (error) {
    return fail(program, error);
  }
  let child;
  // At a terminal Ctrl-C reaches the program by itself, and a second one would end it at once.
  const terminal = [0, 1, 2].some((stream) => isatty(stream));
  const passed = ["SIGINT", "SIGTERM", "SIGHUP"];
  // Before the program is there: what it says may be answered with a signal at once.
  for (const signal of passed) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !terminal) {
        child.kill(signal);
      }
    });
  }
  child = spawn(file, words, { stdio: "inherit" });
  whenNpxIsGone(() => child.kill("SIGTERM"));
  child.on("error", (error) => fail(program, failedToStart(file, error, program)));
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

module.exports = { launch };
