// Carries out an order of the harness: lets the program come to rest, rings its alarms one time after
// the other, each at its own time and with a rest after it, and reports.

"use strict";

const { setImmediate } = require("node:timers");

// The machine's clock in milliseconds; `performance.now` of Node 18 would ask the function replaced.
const { bigint } = process.hrtime;
const realNow = () => Number(bigint()) / 1e6;

class Mover {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  // Calls `done(report)` once, and `late(why)` each second until then.
  advance({ advance_to_ms, wall_ms, tell_found }, { done, late }) {
    const { clock, activity } = this.#parts;
    const target = Math.max(advance_to_ms, clock.elapsed);
    const go = (then) => activity.whenAtRest(then, late, realNow);
    const moveTo = (time) => clock.moveTo(time, wall_ms - (target - time));
    let found;
    const step = () => {
      if (clock.next === null || clock.next > target) {
        moveTo(target);
        done({ ...this.#report(), found });
        return;
      }
      moveTo(Math.max(clock.next, clock.elapsed));
      // All in one phase of the loop, as Node does it, each in a callback of its own.
      activity.foreign(() => {
        for (const alarm of clock.due()) {
          setImmediate(() => clock.ring(alarm));
        }
      });
      go(step);
    };
    go(() => {
      if (tell_found) {
        found = this.#report();
      }
      // The date may have moved while the time did not.
      moveTo(clock.elapsed);
      step();
    });
  }

  #report() {
    const { clock, activity, inFlight, offspring } = this.#parts;
    const { asked, waiting, sockets } = inFlight.count();
    // What Node keeps house by rings on the way; while a request is out, it may be its time-out.
    const next = (waiting === 0 ? clock.nextOfTheProgram : null) ?? clock.next;
    return {
      now_ms: clock.elapsed,
      next_ms: next === null ? null : Math.max(0, Math.ceil(next - clock.elapsed)),
      in_flight: waiting,
      asked,
      sockets,
      entered: activity.entered,
      workers: offspring.workers,
      children: offspring.children,
      detached: offspring.detached,
      unmoved: clock.unmoved,
    };
  }
}

module.exports = { Mover };
