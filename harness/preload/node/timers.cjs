// setTimeout, setInterval and what else waits: node:timers, node:timers/promises and the time-outs of
// sockets that the program opened.

"use strict";

const { AsyncResource } = require("node:async_hooks");
const net = require("node:net");
const timers = require("node:timers");
const promises = require("node:timers/promises");
const util = require("node:util");
const { fileOfCaller } = require("./caller.cjs");
const { replaceAbortSignal } = require("./signals.cjs");

const native = { ...timers };

// `inFlight` says whether the program is connected to something that is not the emulator.
function replaceTimers(clock, inFlight) {
  const { Timeout, clear } = timeouts(clock);

  function timer(name, repeats) {
    const replaced = {
      [name](callback, after, ...args) {
        if (typeof callback !== "function") {
          return native[name](callback, after); // refuses it in Node's own words
        }
        // Node keeps house by some. One that is due at once is none of these: `fetch` lets a turn pass before it uses a
        // kept connection again (undici 7.29.0).
        const isOfNode = after > 1 && isHousekeeper(fileOfCaller(replaced));
        const quiet = isOfNode ? always : undefined;
        return new Timeout(callback, after, args, repeats, quiet);
      },
    }[name];
    return replaced;
  }
  const all = {
    setTimeout: timer("setTimeout", false),
    setInterval: timer("setInterval", true),
    clearTimeout: (timeout) => clear(timeout) || native.clearTimeout(timeout),
    clearInterval: (timeout) => clear(timeout) || native.clearInterval(timeout),
  };
  const waits = replacePromises(all);
  Object.defineProperty(all.setTimeout, util.promisify.custom, {
    get: () => waits.setTimeout,
    enumerable: true,
  });
  Object.assign(globalThis, all);
  Object.assign(timers, all);
  replaceAbortSignal(Timeout, inFlight);
  replaceSocketTimeouts(clock);
  tellOfWaits(clock);
}

// V8 itself ends such a wait: by the machine's clock, of which the harness is told.
function tellOfWaits(clock) {
  const { waitAsync } = Atomics;
  if (waitAsync === undefined) {
    return;
  }
  Atomics.waitAsync = {
    waitAsync(array, index, value, timeout = Infinity) {
      if (Number(timeout) < Infinity) {
        clock.unmoved = "Atomics.waitAsync";
      }
      return waitAsync.call(this, array, index, value, timeout);
    },
  }.waitAsync;
}

function always() {
  return true;
}

// Whether a part of Node lies there that has timers of its own: `fetch` keeps connections for a while, servers look for slow
// clients. Other parts set timers for the program (`asyncLocalStorage.run(store, setTimeout, f, 1_000)`, `execFile`).
function isHousekeeper(file) {
  return /^node:(_http_server$|internal\/deps\/undici\/)/.test(file);
}

// The class of what `setTimeout` gives: still one of Node's own.
function timeouts(clock) {
  const example = native.setTimeout(() => {}, 1);
  native.clearTimeout(example);
  const numbered = new Map();

  class Timeout extends example.constructor {
    #alarm = null;
    #refed = true;
    #number = null;
    #scope = new AsyncResource("Timeout");
    #quiet;

    constructor(callback, after, args, repeats, quiet) {
      // Node's part keeps the arguments and warns of bad ones; it is never entered into Node's list.
      super(callback, after, args, repeats, false);
      this.#quiet = quiet;
      this.#arm();
    }

    #arm() {
      this._destroyed = false;
      const ms = Math.trunc(this._idleTimeout);
      this.#alarm = clock.arm(ms, () => this.#ring(), this.#refed, this.#quiet);
    }

    #ring() {
      const callback = this._onTimeout;
      if (!callback) {
        return; // Node's own code has cleared it
      }
      const alarm = this.#alarm;
      try {
        this.#scope.runInAsyncScope(callback, this, ...(this._timerArgs ?? []));
      } finally {
        if (this.#alarm === alarm) {
          if (this._repeat && this._onTimeout) {
            this.#arm();
          } else {
            this.#end();
          }
        }
      }
    }

    #end() {
      this._destroyed = true;
      numbered.delete(this.#number);
    }

    ref() {
      return this.#hold(true);
    }

    unref() {
      return this.#hold(false);
    }

    #hold(held) {
      this.#refed = held;
      clock.hold(this.#alarm, held);
      return this;
    }

    hasRef() {
      return this.#refed;
    }

    refresh() {
      if (this._onTimeout) {
        clock.cancel(this.#alarm);
        this.#arm();
      }
      return this;
    }

    close() {
      this._onTimeout = null;
      clock.cancel(this.#alarm);
      this.#end();
      return this;
    }

    [Symbol.toPrimitive]() {
      this.#number ??= this.#scope.asyncId();
      if (!this._destroyed) {
        numbered.set(this.#number, this);
      }
      return this.#number;
    }
  }
  if (Symbol.dispose) {
    Timeout.prototype[Symbol.dispose] = Timeout.prototype.close;
  }

  // Whether it was one of these.
  function clear(timeout) {
    const isNumber = typeof timeout === "number" || typeof timeout === "string";
    const found = timeout instanceof Timeout ? timeout : numbered.get(isNumber ? Number(timeout) : null);
    found?.close();
    return found !== undefined;
  }
  return { Timeout, clear };
}

function replacePromises(all) {
  const refuses = promises.setTimeout;

  function setTimeout(ms, value, options = {}) {
    const { signal, ref = true } = options ?? {};
    if (signal?.aborted || bad(ms, options)) {
      // Node's own promise rejects at once, in its own words.
      return refuses(ms, value, { ...options, ref: false });
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        all.clearTimeout(timeout);
        // An aborted signal makes Node's own promise reject with Node's own error.
        refuses(0, undefined, { signal }).catch(reject);
      };
      const timeout = all.setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve(value);
      }, ms);
      if (!ref) {
        timeout.unref();
      }
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  async function* setInterval(ms, value, options) {
    const { signal, ref = true } = options ?? {};
    let missed = 0;
    let awake = () => {};
    let timer = null;
    const ended = new Promise((_, reject) => {
      const abort = () => refuses(0, undefined, { signal }).catch(reject);
      if (signal?.aborted) {
        abort();
      } else {
        signal?.addEventListener("abort", abort, { once: true });
      }
    });
    ended.catch(() => {});
    try {
      timer = all.setInterval(() => {
        missed += 1;
        awake();
      }, ms);
      if (!ref) {
        timer.unref();
      }
      for (;;) {
        if (missed === 0 || signal?.aborted) {
          await Promise.race([ended, new Promise((resolve) => (awake = resolve))]);
        }
        for (; missed > 0; missed--) {
          yield value;
        }
      }
    } finally {
      all.clearInterval(timer);
    }
  }

  promises.setTimeout = setTimeout;
  promises.setInterval = setInterval;
  const wait = (ms, options) => setTimeout(ms, undefined, options);
  if (promises.scheduler) {
    Object.defineProperty(promises.scheduler, "wait", { value: wait, configurable: true });
  }
  return { setTimeout };
}

function bad(ms, options) {
  const { signal, ref } = options ?? {};
  return (
    (ms !== undefined && typeof ms !== "number") ||
    (signal !== undefined && typeof signal?.addEventListener !== "function") ||
    (ref !== undefined && typeof ref !== "boolean")
  );
}

// What `request.setTimeout` and the `timeout` of agents come down to. A connection that the program
// accepted keeps the machine's time: the harness reads the cache over such a one while time stands.
function replaceSocketTimeouts(clock) {
  const { prototype } = net.Socket;
  const { setTimeout, _unrefTimer, _destroy } = prototype;
  const alarms = new WeakMap();

  function rearm(socket) {
    disarm(socket);
    if (socket.timeout > 0 && !socket.destroyed) {
      alarms.set(socket, clock.arm(socket.timeout, () => socket._onTimeout(), false));
    }
  }
  function disarm(socket) {
    const alarm = alarms.get(socket);
    if (alarm) {
      clock.cancel(alarm);
      alarms.delete(socket);
    }
  }

  prototype.setTimeout = function (ms, callback) {
    setTimeout.call(this, ms, callback);
    if (!this.server && !this.destroyed) {
      // Node has checked the arguments and entered the listener; its own timer is taken away.
      setTimeout.call(this, 0);
      this.timeout = ms;
      rearm(this);
    }
    return this;
  };
  // Each byte that comes or goes begins the time-out anew.
  prototype._unrefTimer = function () {
    for (let socket = this; socket; socket = socket._parent) {
      if (alarms.has(socket)) {
        rearm(socket);
      }
    }
    return _unrefTimer.call(this);
  };
  prototype._destroy = function (...args) {
    disarm(this);
    return _destroy.apply(this, args);
  };
}

module.exports = { replaceTimers, native };
