// AbortSignal.timeout. One that the program does not wait for rings at its time like all alarms, but
// nothing stops for it: a poll with a time-out would otherwise be two moments, the second of which
// changes nothing.

"use strict";

const { getEventListeners } = require("node:events");
const { fileOfCaller } = require("./caller.cjs");

// `fetch` listens until what it made of the signal is collected, also when the answer has come.
const FETCH = "node:internal/deps/undici/undici";

function replaceAbortSignal(Timeout, inFlight) {
  const { timeout } = AbortSignal;
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
    const ofFetch = watchListeners(signal);
    new Timeout(gone, ms, [], false, () => isUnheard(signal, ofFetch, inFlight)).unref();
    return signal;
  };
}

// Gives the listeners that `fetch` adds from now on.
function watchListeners(signal) {
  const ofFetch = new WeakSet();
  const { addEventListener } = signal;
  function watched(type, listener, ...rest) {
    if (typeof listener === "function" && fileOfCaller(watched) === FETCH) {
      ofFetch.add(listener);
    }
    return Reflect.apply(addEventListener, this, [type, listener, ...rest]);
  }
  const named = { value: "addEventListener", configurable: true };
  Object.defineProperty(watched, "name", named);
  Object.defineProperty(signal, "addEventListener", {
    value: watched,
    configurable: true,
    writable: true,
  });
  return ofFetch;
}

// Whether the end of a signal would be told to nothing: what it was to bound is over. Asked only while no
// request to the emulator is out; a `fetch` of something else may be while there is a connection to it.
function isUnheard(signal, ofFetch, inFlight) {
  const dependents = Object.getOwnPropertySymbols(signal).some(
    (symbol) => symbol.description === "kDependantSignals" && signal[symbol]?.size > 0,
  );
  const heard = getEventListeners(signal, "abort");
  const isOver = (listener) => ofFetch.has(listener) && !inFlight.isElsewhere();
  return !dependents && heard.every(isOver);
}

module.exports = { replaceAbortSignal };
