// AbortSignal.timeout. One that the program does not wait for rings at its time like all alarms, but
// nothing stops for it: a poll with a time-out would otherwise be two moments, the second of which
// changes nothing.

"use strict";

const { getEventListeners } = require("node:events");
const { fileOfCaller } = require("./caller.cjs");

// `fetch` listens until what it made of the signal is collected, also when the answer has come.
const UNDICI = "node:internal/deps/undici/undici";

function replaceAbortSignal(Timeout, inFlight) {
  const { timeout } = AbortSignal;
  const fetches = watchFetches();
  AbortSignal.timeout = function (ms) {
    if (!Number.isInteger(ms) || ms < 0 || ms > 2 ** 31 - 1) {
      return timeout.call(AbortSignal, ms);
    }
    const controller = new AbortController();
    const gone = () =>
      controller.abort(
        new DOMException("The operation was aborted due to timeout", "TimeoutError"),
      );
    const { signal } = controller;
    const isOver = fetches.watch(signal);
    new Timeout(gone, ms, [], false, () => isUnheard(signal, isOver, inFlight)).unref();
    return signal;
  };
}

// Gives `watch(signal)`: from then on the signal's listeners are told apart, and the function that it gives
// says whether one is that of a `fetch` which has come to its end.
function watchFetches() {
  const { fetch } = globalThis;
  let current = null; // the listeners of the `fetch` that is being called
  const over = new WeakSet();

  if (typeof fetch === "function") {
    const replaced = {
      async fetch(input, init = undefined) {
        const listeners = [];
        const outer = current;
        current = listeners;
        let answer;
        try {
          answer = fetch.call(this, input, init);
        } finally {
          current = outer;
        }
        try {
          return await answer;
        } finally {
          listeners.forEach((listener) => over.add(listener));
        }
      },
    }.fetch;
    globalThis.fetch = replaced;
  }

  function watch(signal) {
    const { addEventListener } = signal;
    const replaced = {
      addEventListener(type, listener, ...rest) {
        // A request that is made to be fetched later has one, too, and that is not over.
        if (current !== null && fileOfCaller(replaced) === UNDICI) {
          current.push(listener);
        }
        return Reflect.apply(addEventListener, this, [type, listener, ...rest]);
      },
    }.addEventListener;
    const value = { value: replaced, configurable: true, writable: true };
    Object.defineProperty(signal, "addEventListener", value);
    return (listener) => over.has(listener);
  }
  return { watch };
}

// Whether the end of a signal would be told to nothing: what it was to bound is over. Asked only while no
// request to the emulator is out; the body of another answer may be, while there is a connection to it.
function isUnheard(signal, isOver, inFlight) {
  const dependents = Object.getOwnPropertySymbols(signal).some(
    (symbol) => symbol.description === "kDependantSignals" && signal[symbol]?.size > 0,
  );
  const heard = getEventListeners(signal, "abort");
  return !dependents && (heard.length === 0 || (heard.every(isOver) && !inFlight.isElsewhere()));
}

module.exports = { replaceAbortSignal };
