// The connection to the harness: one JSON object a line, both ways.

"use strict";

const net = require("node:net");
const path = require("node:path");
const { isMainThread, threadId } = require("node:worker_threads");

const LONGEST_LINE = 65_536;

class Channel {
  #socket;
  #activity;
  #mover = null;
  #text = "";
  #orders = [];
  #working = false;

  constructor(env, activity) {
    this.#activity = activity;
    const { host, port } = address(env.CRISP_CLOCK_CHANNEL);
    this.#socket = net.connect({ host, port, noDelay: true });
    this.asyncId = this.#socket._handle.getAsyncId();
    this.#socket.unref();
    this.#socket.setEncoding("utf8");
    // Without the harness the clock stands, and the harness ends the process.
    this.#socket.on("error", () => {});
    this.#socket.on("data", (text) => this.#read(text));
    this.#send({
      hello: 1,
      nonce: env.CRISP_CLOCK_NONCE ?? "",
      pid: process.pid,
      parent: process.ppid,
      thread: isMainThread ? 0 : threadId,
      runtime: "node",
      version: process.versions.node,
      program: path.basename(process.argv[1] ?? "").slice(0, 200),
    });
  }

  // From now on orders are carried out; those that came before are waiting.
  serve(mover) {
    this.#mover = mover;
    this.#next();
  }

  // Whether an alarm of the program keeps the process from ending: then this connection does.
  keepAlive(held) {
    if (held) {
      this.#socket.ref();
    } else {
      this.#socket.unref();
    }
  }

  #read(text) {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop();
    if (this.#text.length > LONGEST_LINE || lines.some((line) => line.length > LONGEST_LINE)) {
      this.#socket.destroy();
      return;
    }
    this.#orders.push(...lines.filter((line) => line.trim() !== ""));
    this.#next();
  }

  // One order after the other.
  #next() {
    if (this.#working || this.#mover === null || this.#orders.length === 0) {
      return;
    }
    const order = understood(this.#orders.shift());
    if (order.error) {
      this.#send({ id: order.id, error: order.error });
      this.#next();
      return;
    }
    this.#working = true;
    const { id } = order;
    this.#mover.advance(order, {
      done: (report) => {
        this.#working = false;
        this.#send({ id, at_rest: true, ...report });
        this.#next();
      },
      late: (because) => this.#send({ id, at_rest: false, because }),
    });
  }

  #send(message) {
    this.#activity.own(() => this.#socket.write(`${JSON.stringify(message)}\n`));
  }
}

// {id, advance_to_ms, wall_ms, tell_found}, or {id, error}.
function understood(line) {
  let order = null;
  try {
    order = JSON.parse(line);
  } catch {
    // Said below.
  }
  const id = Number.isSafeInteger(order?.id) ? order.id : 0;
  const { advance_to_ms, wall_ms } = order ?? {};
  if (![advance_to_ms, wall_ms].every((time) => Number.isFinite(time) && time >= 0)) {
    return { id, error: "an order is {id, advance_to_ms, wall_ms}, with times in milliseconds" };
  }
  return { id, advance_to_ms, wall_ms, tell_found: order.tell_found === true };
}

function address(text) {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

module.exports = { Channel };
