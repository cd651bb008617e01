// The worker threads and child processes that this thread has begun and that are not over. Each of
// them has a clock of its own on a connection of its own, and begins at the time that it is here.

"use strict";

const workerThreads = require("node:worker_threads");

const ELAPSED = "CRISP_CLOCK_ELAPSED_MS";
const NOW = "CRISP_CLOCK_NOW_MS";

class Offspring {
  // Whether there are threads, to which Node's ports lead, too: then its own cannot be told apart.
  hasThreads = !workerThreads.isMainThread;
  #ports = new Set(); // weakly, those of the program
  #workers = new Set();
  #children = new Map();

  constructor(clock) {
    this.#watchWorkers(clock);
    this.#watchChildren(clock);
  }

  // How many threads it has begun that still run.
  get workers() {
    return this.#workers.size;
  }

  // How many message ports of the program keep the event loop alive.
  get heldPorts() {
    let held = 0;
    for (const reference of this.#ports) {
      const port = reference.deref();
      if (port === undefined) {
        this.#ports.delete(reference);
      } else if (port.hasRef()) {
        held += 1;
      }
    }
    return held;
  }

  // The ids of child processes that still run.
  get children() {
    return [...this.#children.values()].slice(0, 100);
  }

  // Those of them that do not keep the program from ending: what it does not wait for.
  get detached() {
    const apart = [...this.#children].filter(([child]) => child._handle?.hasRef?.() === false);
    return apart.map(([, pid]) => pid).slice(0, 100);
  }

  #watchWorkers(clock) {
    const workers = this.#workers;
    const ports = this.#ports;
    const began = () => (this.hasThreads = true);
    class Worker extends workerThreads.Worker {
      constructor(file, options = {}) {
        began();
        const { env } = options;
        const times = { [ELAPSED]: String(clock.elapsed), [NOW]: String(clock.wall) };
        if (env && env !== workerThreads.SHARE_ENV) {
          const passed = pick(process.env, /^(CRISP_CLOCK_|CRISP_SEED$|NODE_OPTIONS$)/);
          options = { ...options, env: { ...passed, ...env, ...times } };
        } else {
          Object.assign(process.env, times);
        }
        super(file, options);
        workers.add(this);
        this.once("exit", () => workers.delete(this));
      }
    }
    workerThreads.Worker = Worker;
    workerThreads.MessageChannel = class MessageChannel extends workerThreads.MessageChannel {
      constructor() {
        super();
        ports.add(new WeakRef(this.port1)).add(new WeakRef(this.port2));
      }
    };
    globalThis.MessageChannel = workerThreads.MessageChannel;
    workerThreads.BroadcastChannel = class BroadcastChannel extends workerThreads.BroadcastChannel {
      #held = true;
      // Known weakly, and kept for as long as this is.
      #port = { hasRef: () => this.#held };

      constructor(name) {
        super(name);
        ports.add(new WeakRef(this.#port));
      }

      ref() {
        this.#held = true;
        return super.ref();
      }

      unref() {
        this.#held = false;
        return super.unref();
      }

      close() {
        this.#held = false;
        return super.close();
      }
    };
    globalThis.BroadcastChannel = workerThreads.BroadcastChannel;
  }

  #watchChildren(clock) {
    const children = this.#children;
    const { prototype } = require("node:child_process").ChildProcess;
    const { spawn } = prototype;
    prototype.spawn = function (options) {
      const pairs = options?.envPairs;
      if (Array.isArray(pairs)) {
        const others = pairs.filter((pair) => !pair.startsWith(ELAPSED) && !pair.startsWith(NOW));
        const times = [`${ELAPSED}=${clock.elapsed}`, `${NOW}=${clock.wall}`];
        options.envPairs = [...others, ...times];
      }
      const result = spawn.call(this, options);
      if (this.pid) {
        children.set(this, this.pid);
        this.once("exit", () => children.delete(this));
      }
      return result;
    };
  }
}

function pick(env, names) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.test(name)));
}

module.exports = { Offspring };
