// Knows whether the program does anything, and whether something will come without its doing.
//
// Node enters the program's code only through callbacks of its event loop, and async_hooks says so
// for each (`before`). What was begun and is not over shows as an active request (files, names,
// connections being made, writes), as an immediate, or in a count kept here (compression, crypto).
// So a whole turn of the loop, its look at all sockets included, in which no callback ran and after
// which nothing is under way proves that only timers and the outside can wake the program.

"use strict";

const { createHook } = require("node:async_hooks");
const { setImmediate } = require("node:timers");

// What `process.getActiveResourcesInfo` calls things that end by themselves.
const UNDER_WAY = /Req|Connect|Write|Shutdown|Send|^Immediate$/;
const PATIENCE_MS = 1_000;

class Activity {
  // How often a callback of the program was entered.
  entered = 0;
  #ours = false; // whether the channel's own work is being done
  #own = new Set(); // callbacks that belong to it
  #channel;
  #offspring;
  #busy = new Map();

  // From here on callbacks are counted; those of the channel's socket are not the program's.
  begin(channel, offspring) {
    this.#channel = channel;
    this.#offspring = offspring;
    createHook({
      init: (id, type, _trigger, resource) => {
        if (this.#ours) {
          this.#own.add(id);
        } else if (type === "FSREQCALLBACK" && resource.constructor.name === "ReadFileJob") {
          this.#reads(resource);
        }
      },
      before: (id) => {
        if (id === this.#channel || this.#own.has(id)) {
          this.#ours = true;
        } else {
          this.entered += 1;
        }
      },
      // What is the channel's own is called back once; to be told of its end instead would cost much.
      after: (id) => {
        if (id === this.#channel || this.#own.delete(id)) {
          this.#ours = false;
        }
      },
    }).enable();
  }

  // Does something that is no work of the program's.
  own(work) {
    const before = this.#ours;
    this.#ours = true;
    try {
      return work();
    } finally {
      this.#ours = before;
    }
  }

  // Begins something of the program's, such as a timer's callback.
  foreign(work) {
    const before = this.#ours;
    this.#ours = false;
    try {
      return work();
    } finally {
      this.#ours = before;
    }
  }

  // Something of this kind began that ends by itself; gives what is called at its end.
  began(kind) {
    this.#busy.set(kind, (this.#busy.get(kind) ?? 0) + 1);
    let open = true;
    return () => {
      if (open) {
        open = false;
        this.#busy.set(kind, this.#busy.get(kind) - 1);
      }
    };
  }

  // `readFile` of Node 26.10 opens and reads a file in one job of a thread, which is not listed among what is active.
  #reads(job) {
    const ended = this.began("file");
    const { run } = job;
    let ondone;
    Object.defineProperty(job, "ondone", {
      get: () => ondone,
      set(callback) {
        ondone = function (...results) {
          ended();
          return callback.apply(this, results);
        };
      },
    });
    job.run = function (...args) {
      const refused = run.apply(job, args);
      if (refused !== undefined) {
        ended();
      }
      return refused;
    };
  }

  // Calls `rested` when the program has come to rest, and `late(why)` each second until then.
  whenAtRest(rested, late, clockNow) {
    let patience = clockNow() + PATIENCE_MS;
    let seen = -1;
    const turn = () => {
      const reason = this.#underWay();
      if (reason === null && seen === this.entered) {
        return rested();
      }
      seen = reason === null ? this.entered : -1;
      if (clockNow() > patience) {
        patience = clockNow() + PATIENCE_MS;
        late(reason ?? "callbacks follow one another");
      }
      this.own(() => setImmediate(turn));
    };
    this.own(() => setImmediate(turn));
  }

  // What is under way, or null. Called from an immediate, which is not listed itself while it runs.
  #underWay() {
    for (const [kind, count] of this.#busy) {
      if (count > 0) {
        return `${count} × ${kind}`;
      }
    }
    const resources = process.getActiveResourcesInfo();
    const found = resources.find((name) => UNDER_WAY.test(name));
    if (found) {
      return found;
    }
    // Module hooks run in a thread of Node's own; while one is waited for, its port holds the loop
    // beside those of the program. `tsx` has some, to tell its hooks what to load.
    const { hasThreads, heldPorts } = this.#offspring;
    if (!hasThreads && resources.filter((name) => name === "MessagePort").length > heldPorts) {
      return "a module is being loaded";
    }
    return null;
  }
}

module.exports = { Activity };
