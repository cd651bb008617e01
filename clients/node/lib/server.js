// A server for the tests of this process: the one that `crisp-mock exec` started, or one of its own.

"use strict";

const { spawn } = require("node:child_process");
const readline = require("node:readline");
const { binary, failedToStart } = require("./binary.js");
const { Space } = require("./space.js");

// A start takes milliseconds; this is for machines that are busy with a whole test run.
const START_MS = 30_000;
// As much of what a server says on stderr as a message about its failed start needs.
const MOST_COMPLAINT = 4096;

// What `serve` was told when it could not start.
function complaintOf(child) {
  let text = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (more) => (text = (text + more).slice(0, MOST_COMPLAINT)));
  return () => text.trim();
}

// Starts `crisp-mock serve` on a free port; it ends with this process, however that ends.
async function serve(extra) {
  const program = binary();
  const words = ["serve", "--listen", "127.0.0.1:0", "--print", "json", "--quiet"];
  words.push("--parent-pid", String(process.pid), ...extra);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  const complaint = complaintOf(child);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const line = await new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      kill();
      reject(new Error(`${program} serve said nothing for ${START_MS / 1000} s`));
    }, START_MS);
    const lines = readline.createInterface({ input: child.stdout });
    lines.once("line", resolve);
    lines.once("line", () => clearTimeout(late));
    child.once("error", (error) => {
      clearTimeout(late);
      reject(failedToStart(program, error));
    });
    child.once("close", (code) => {
      clearTimeout(late);
      reject(new Error(`${program} serve ended with ${code} before it was ready: ${complaint()}`));
    });
  });
  // A test run that forgets to stop it ends nevertheless.
  for (const handle of [child, child.stdout, child.stderr]) {
    handle.unref();
  }
  const stop = async () => {
    process.removeListener("exit", kill);
    child.ref();
    child.kill("SIGTERM");
    await ended;
  };
  return { controlUrl: JSON.parse(line).control_url, stop };
}

/** A server, with a space of its own in it. Closing it stops the server, unless it was there before. */
class Mock extends Space {
  #server;
  #options;

  constructor(facts, server, options) {
    super(facts);
    this.#server = server;
    this.#options = options;
  }

  space(options = {}) {
    return Space.make(this.#server.controlUrl, { ...this.#options, ...options });
  }

  async close() {
    try {
      await super.close();
    } finally {
      await this.#server.stop();
    }
  }
}

/**
 * Takes the server that CRISP_MOCK_CONTROL_URL names, or starts one, and makes a space with these
 * options in it; `args` are further arguments of `serve` for a server of its own.
 */
async function start({ args = [], ...options } = {}) {
  // The variable may name a space, as `env` of a space does: the server is the same.
  const there = process.env.CRISP_MOCK_CONTROL_URL?.replace(/\/spaces\/[^/]+\/?$/, "");
  const server = there ? { controlUrl: there, stop: async () => {} } : await serve(args);
  try {
    const { facts } = await Space.make(server.controlUrl, options);
    return new Mock(facts, server, options);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

module.exports = { Mock, start };
