// Puts the parts together. The order matters: the channel's own socket is made with the functions of
// Node, everything after it with those that are put in their place.

"use strict";

const Module = require("node:module");
const { Activity } = require("./activity.cjs");
const { Channel } = require("./channel.cjs");
const { seedChance } = require("./chance.cjs");
const { Clock } = require("./clock.cjs");
const { delayCompilers } = require("./compilers.cjs");
const { Offspring } = require("./offspring.cjs");
const { watchCodecs } = require("./codecs.cjs");
const { watchSockets } = require("./in_flight.cjs");
const { Mover } = require("./mover.cjs");
const { replaceDates } = require("./dates.cjs");
const { replaceTimers } = require("./timers.cjs");

// Takes the environment; starts the channel and replaces what keeps time.
function start(env) {
  delayCompilers();
  const activity = new Activity();
  const channel = new Channel(env, activity);
  const clock = new Clock(env, (held) => channel.keepAlive(held));
  const inFlight = watchSockets(env);
  replaceTimers(clock, inFlight);
  // After the timers: `node:child_process` takes them when it is loaded, for the time-outs of children.
  const offspring = new Offspring(clock);
  activity.begin(channel.asyncId, offspring);
  watchCodecs(activity);
  replaceDates(clock);
  seedChance(env);
  // `import { setTimeout } from "node:timers"` sees the functions that are in place by now.
  Module.syncBuiltinESMExports();
  channel.serve(new Mover({ clock, activity, inFlight, offspring }));
}

module.exports = { start };
