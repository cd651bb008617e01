// The clock that the program sees, and its alarms in the order in which they are due.

"use strict";

// What `process.hrtime` shows when the harness's clock shows nothing: like a machine that has run
// for a while, and the same in every run.
const BOOTED_MS = 1_000_000;

class Clock {
  // Milliseconds since the harness's clock began, and the date (Unix, ms) at that time.
  elapsed;
  wall;
  #keepAlive;
  #alarms = []; // a heap
  #held = 0;
  #count = 0;

  // `keepAlive(bool)` is told whether an alarm keeps the process from ending.
  constructor(env, keepAlive) {
    this.elapsed = number(env.CRISP_CLOCK_ELAPSED_MS, 0);
    this.wall = number(env.CRISP_CLOCK_NOW_MS, Date.now());
    this.began = this.elapsed;
    this.unmoved = null; // what the program uses that keeps the machine's time
    this.#keepAlive = keepAlive;
  }

  // Milliseconds since this process started, by its own clock.
  get age() {
    return this.elapsed - this.began;
  }

  // What counts up on the machine, in nanoseconds.
  get nanoseconds() {
    return BigInt(Math.round((BOOTED_MS + this.elapsed) * 1e6));
  }

  // When the next alarm is due, or null.
  get next() {
    this.#drop();
    return this.#alarms.length > 0 ? this.#alarms[0].due : null;
  }

  // When the next alarm is due that the program waits for, or null.
  get nextOfTheProgram() {
    let next = null;
    for (const { due, ring, quiet } of this.#alarms) {
      if (ring !== null && (next === null || due < next) && !quiet()) {
        next = due;
      }
    }
    return next;
  }

  // Moves to a time, with the date there. Never back.
  moveTo(elapsed, wall) {
    this.elapsed = Math.max(this.elapsed, elapsed);
    this.wall = wall;
  }

  // Sets an alarm in `ms`; gives something for `cancel` and `hold`. `quiet()` says
  // that it is one that the program does not wait for.
  arm(ms, ring, held, quiet = never) {
    const alarm = { due: this.elapsed + ms, order: this.#count++, ring, held: false, quiet };
    this.#push(alarm);
    this.hold(alarm, held);
    return alarm;
  }

  cancel(alarm) {
    this.hold(alarm, false);
    alarm.ring = null;
  }

  // Whether this alarm keeps the process from ending.
  hold(alarm, held) {
    if (alarm.ring === null || alarm.held === held) {
      return;
    }
    alarm.held = held;
    this.#held += held ? 1 : -1;
    if (this.#held === (held ? 1 : 0)) {
      this.#keepAlive(held);
    }
  }

  // Takes out the alarms that are due, in order. One of them may be cancelled before it rings.
  due() {
    const due = [];
    while (this.next !== null && this.next <= this.elapsed) {
      due.push(this.#pop());
    }
    return due;
  }

  // Rings one that was taken out.
  ring(alarm) {
    const { ring } = alarm;
    if (ring !== null) {
      this.cancel(alarm);
      ring();
    }
  }

  #drop() {
    while (this.#alarms.length > 0 && this.#alarms[0].ring === null) {
      this.#pop();
    }
  }

  #push(alarm) {
    const heap = this.#alarms;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at], heap[parent])) {
        break;
      }
      [heap[at], heap[parent]] = [heap[parent], heap[at]];
      at = parent;
    }
  }

  #pop() {
    const heap = this.#alarms;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0) {
      heap[0] = last;
      for (let at = 0; ; ) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) {
          if (child < heap.length && before(heap[child], heap[least])) {
            least = child;
          }
        }
        if (least === at) {
          break;
        }
        [heap[at], heap[least]] = [heap[least], heap[at]];
        at = least;
      }
    }
    return first;
  }
}

function never() {
  return false;
}

function before(one, other) {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}

function number(text, otherwise) {
  const value = Number(text);
  return text && Number.isFinite(value) ? value : otherwise;
}

module.exports = { Clock };
