// node-cron, which looks at the date: polls by the seconds or minutes of the clock on the wall.

"use strict";

const cron = require("node-cron");
const { serve } = require("./serve.cjs");
const { Copy, POLL_MS } = require("./sync.cjs");

const copy = new Copy();
serve(() => copy.shown);

const seconds = Math.max(1, Math.round(POLL_MS / 1_000));
cron.schedule(seconds < 60 ? `*/${seconds} * * * * *` : `0 */${Math.round(seconds / 60)} * * * *`, () => copy.poll());
copy.poll();
