// A pretend harness: the channel, an HTTP API whose answers are held, and a program under the clock.

"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");

const PRELOAD = path.join(__dirname, "..", "index.cjs");
const LIMIT_MS = 15_000;
const START = Date.parse("2026-05-04T10:00:00Z");

class Harness {
  now = 0;
  lines = []; // of the program's standard output
  held = []; // requests that wait: {url, response}
  peers = []; // processes and threads: {hello, ask(order), socket}
  stopped = false; // then nothing is waited for
  shift = 0; // how far the client's date is off
  #arrivals = [];

  // Runs `source` until it says hello.
  static async run(source, { env = {}, module = false } = {}) {
    const harness = new Harness();
    await harness.#listen();
    const kind = module ? ["--input-type=module"] : [];
    const [host, port] = ["127.0.0.1", harness.api.address().port];
    harness.program = spawn(process.execPath, [...kind, "-e", source], {
      env: {
        ...process.env,
        NODE_OPTIONS: `--require ${PRELOAD}`,
        CRISP_CLOCK_CHANNEL: `${host}:${harness.channel.address().port}`,
        CRISP_CLOCK_NONCE: "a nonce",
        CRISP_CLOCK_NOW_MS: String(START),
        CRISP_CLOCK_EMULATOR: `${host}:${port}`,
        API: `http://${host}:${port}`,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { out: "", err: "" };
    harness.program.stderr.on("data", (data) => (texts.err += data));
    harness.program.stdout.on("data", (data) => {
      const parts = (texts.out + data).split("\n");
      texts.out = parts.pop();
      harness.lines.push(...parts);
      harness.#arrived();
    });
    harness.ended = once(harness.program, "close").then(([code]) => ({ code, text: texts.err }));
    await harness.until(() => harness.peers.length > 0);
    return harness;
  }

  async #listen() {
    this.channel = net.createServer((socket) => this.#meet(socket)).listen(0, "127.0.0.1");
    this.api = http.createServer((request, response) => {
      request.resume().on("end", () => {
        this.held.push({ url: request.url, response });
        this.#arrived();
      });
    });
    this.api.on("upgrade", (_, socket) => {
      this.upgraded = socket;
      this.#arrived();
    });
    this.api.listen(0, "127.0.0.1");
    await Promise.all([once(this.channel, "listening"), once(this.api, "listening")]);
  }

  #meet(socket) {
    const peer = { socket, replies: [], late: [], number: 0 };
    let text = "";
    socket.on("error", () => {});
    socket.on("close", () => {
      this.peers = this.peers.filter((other) => other !== peer);
      this.#arrived();
    });
    socket.on("data", (data) => {
      const parts = (text + data).split("\n");
      text = parts.pop();
      for (const message of parts.map((part) => JSON.parse(part))) {
        if (message.hello) {
          peer.hello = message;
          this.peers.push(peer);
        } else if (message.at_rest === false) {
          peer.late.push(message);
        } else {
          peer.replies.push(message);
        }
      }
      this.#arrived();
    });
    peer.ask = async (order) => {
      const id = ++peer.number;
      socket.write(`${JSON.stringify({ id, ...order })}\n`);
      await this.until(() => peer.replies.some((reply) => reply.id === id));
      return peer.replies.find((reply) => reply.id === id);
    };
  }

  #arrived() {
    this.#arrivals.splice(0).forEach((awake) => awake());
  }

  // Waits until something is so, which is looked at whenever something has come in.
  async until(so) {
    while (!this.stopped && !so()) {
      await new Promise((resolve, reject) => {
        const failed = () => reject(new Error(`never: ${so}; printed: ${this.lines.join(" | ")}`));
        const late = setTimeout(failed, LIMIT_MS);
        this.#arrivals.push(() => {
          clearTimeout(late);
          resolve();
        });
      });
    }
  }

  // Moves the clock of all by so much; gives the reply of the first.
  async advance(ms = 0) {
    this.now += ms;
    const order = { advance_to_ms: this.now, wall_ms: START + this.shift + this.now };
    const replies = await Promise.all(this.peers.map((peer) => peer.ask(order)));
    return replies[0];
  }

  // Lets all that was asked for arrive: the program waits for as many answers as are held.
  async settle(ms = 0) {
    let reply = await this.advance(ms);
    while (reply.in_flight !== this.held.length) {
      reply = await this.advance(0);
    }
    return reply;
  }

  // Answers the first request that is held.
  answer(body = "{}", status = 200) {
    const { response } = this.held.shift();
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body);
  }

  async stop() {
    this.program.kill("SIGKILL");
    await this.ended;
    this.stopped = true;
    this.#arrived();
    this.channel.close();
    this.api.closeAllConnections?.();
    this.api.close();
    this.peers.forEach(({ socket }) => socket.destroy());
  }
}

// A test with a program of its own, which is ended in any case.
async function withProgram(source, options, claims) {
  const harness = await Harness.run(source, options);
  try {
    await claims(harness);
  } finally {
    await harness.stop();
  }
}

module.exports = { Harness, PRELOAD, START, withProgram };
