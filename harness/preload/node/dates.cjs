// Everything that tells the time: Date, Temporal, performance, process.hrtime, process.uptime, and Intl
// where it means "now".

"use strict";

const { performance } = require("node:perf_hooks");

function replaceDates(clock) {
  const Native = globalThis.Date;
  const now = () => Math.floor(clock.wall);

  function Date(...parts) {
    if (!new.target) {
      return new Native(now()).toString();
    }
    return Reflect.construct(Native, parts.length > 0 ? parts : [now()], shown(new.target));
  }
  // `new Date()` makes a plain date, `new (class extends Date {})()` one of that class.
  const shown = (target) => (target === Date ? Native : target);
  for (const name of Reflect.ownKeys(Native)) {
    Object.defineProperty(Date, name, Object.getOwnPropertyDescriptor(Native, name));
  }
  Object.defineProperty(Native, "now", hidden(now));
  Object.defineProperty(Date, "now", hidden(now));
  Object.defineProperty(Native.prototype, "constructor", hidden(Date));
  Object.defineProperty(globalThis, "Date", hidden(Date));

  const origin = clock.wall;
  Object.defineProperty(performance, "now", hidden(() => clock.age));
  Object.defineProperty(performance, "timeOrigin", {
    get: () => origin,
    configurable: true,
    enumerable: true,
  });

  const hrtime = process.hrtime;
  process.hrtime = function (since) {
    if (since !== undefined) {
      hrtime(since); // refuses what is no earlier time
    }
    const [seconds, rest] = since ?? [0, 0];
    const past = clock.nanoseconds - (BigInt(seconds) * 1_000_000_000n + BigInt(rest));
    const nanoseconds = Number(((past % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
    return [Number((past - BigInt(nanoseconds)) / 1_000_000_000n), nanoseconds];
  };
  process.hrtime.bigint = () => clock.nanoseconds;
  process.uptime = () => clock.age / 1000;

  replaceNowOfIntl(now);
  replaceNowOfTemporal(now);
}

// What Node 26 has, and Node 24 with `--harmony-temporal`.
function replaceNowOfTemporal(now) {
  const { Temporal } = globalThis;
  if (Temporal === undefined) {
    return;
  }
  const { Now, Instant } = Temporal;
  const instant = () => Instant.fromEpochMilliseconds(now());
  const zonedDateTimeISO = (zone = Now.timeZoneId()) => instant().toZonedDateTimeISO(zone);
  const all = {
    instant,
    zonedDateTimeISO,
    plainDateISO: (zone) => zonedDateTimeISO(zone).toPlainDate(),
    plainDateTimeISO: (zone) => zonedDateTimeISO(zone).toPlainDateTime(),
    plainTimeISO: (zone) => zonedDateTimeISO(zone).toPlainTime(),
  };
  for (const [name, replaced] of Object.entries(all)) {
    Object.defineProperty(Now, name, hidden(replaced));
  }
}

// A formatter without a date formats the present one.
function replaceNowOfIntl(now) {
  const { prototype } = Intl.DateTimeFormat;
  const { get } = Object.getOwnPropertyDescriptor(prototype, "format");
  const bound = new WeakMap();
  Object.defineProperty(prototype, "format", {
    get() {
      if (!bound.has(this)) {
        const format = get.call(this);
        bound.set(this, (date) => format(date === undefined ? now() : date));
      }
      return bound.get(this);
    },
    configurable: true,
  });
  const { formatToParts } = prototype;
  Object.defineProperty(
    prototype,
    "formatToParts",
    hidden(function (date) {
      return formatToParts.call(this, date === undefined ? now() : date);
    }),
  );
}

function hidden(value) {
  return { value, writable: true, configurable: true, enumerable: false };
}

module.exports = { replaceDates };
