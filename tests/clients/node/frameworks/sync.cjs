// A copy of all settings that stays right, by the rules of examples/mended-loop; the plugins beside this
// file differ in how they call `poll` and serve `shown`. PLANTED names the one rule that is broken.

"use strict";

const { performance } = require("node:perf_hooks");
const { setTimeout: sleep } = require("node:timers/promises");

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY, PLANTED } = process.env;
// Without a time-out is none of them: Node's own `fetch` gives up after five minutes.
const MISTAKES = [
  "own-clock", // dates are this machine's, and nothing looks back further
  "no-overlap", // asks from the very moment of the last poll
  "moves-on-failure", // the date moves on though a poll has failed
  "forgets-removals", // does not drop websites that were uninstalled
  "relist-merges", // puts a later list over the copy, in which the removed stay
  "stops-after-error", // does not poll again after one failure
  "empty-clears", // takes a differential without items for a list without websites
  "ignores-retry-after", // asks again when it likes
  "arrival-order", // applies the answers of overlapping polls as they arrive
];
if (PLANTED && !MISTAKES.includes(PLANTED)) {
  throw new Error(`PLANTED=${PLANTED}: there is ${MISTAKES.join(", ")}`);
}
const has = (mistake) => PLANTED === mistake;

const POLL_MS = Number(process.env.CRISP_POLL_MS || 20_000);
const PAUSE_MS = Math.min(1_000, POLL_MS / 20);
const OVERLAP_MS = has("no-overlap") || has("own-clock") ? 0 : 120_000;
const HOUR_MS = 3_600_000;
const pair = Buffer.from(`${CRISP_IDENTIFIER}:${CRISP_KEY}`).toString("base64");
const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };

class Copy {
  #websites = new Map();
  #ready = false;
  #since = null; // the moment to ask from: Crisp's date, and `at` by the clock that never jumps
  #listed = -Infinity;
  #failures = 0;
  #silentUntil = 0;
  #asked = 0;
  #busy = false;
  #overlaps;
  #timeout;

  // With `overlaps`, a poll does not wait for the end of the one before it.
  constructor({ overlaps = false, timeout = 5_000 } = {}) {
    this.#overlaps = overlaps;
    this.#timeout = timeout;
  }

  // What an address for tests answers: a status, and the settings by website.
  get shown() {
    return this.#ready ? [200, Object.fromEntries(this.#websites)] : [503, { error: "loading" }];
  }

  // To be called each POLL_MS. It does nothing while it is busy, or is to be silent after failures.
  async poll() {
    const now = performance.now();
    const stopped = has("stops-after-error") && this.#failures > 0;
    if (stopped || this.#busy || now < this.#silentUntil) {
      return;
    }
    const isDue = !this.#since || now - this.#since.at > HOUR_MS || now - this.#listed > HOUR_MS;
    this.#busy = isDue || !this.#overlaps;
    try {
      await (isDue ? this.#load(now) : this.#refresh());
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = isDue || !this.#overlaps ? false : this.#busy;
    }
  }

  #failed({ message, status }) {
    console.error(message);
    this.#failures += 1;
    const wait = POLL_MS * (2 ** Math.min(this.#failures, 3) - 0.5);
    this.#silentUntil = Math.max(this.#silentUntil, performance.now() + wait);
    if (status === 400) {
      this.#since = null; // Crisp does not remember that long: everything is listed again
    }
    if (has("moves-on-failure") && this.#since) {
      this.#since = { date: this.#since.date + performance.now() - this.#since.at, at: performance.now() };
    }
  }

  async #load(now) {
    const { found, ...began } = await this.#list();
    const { data, ...moment } = await this.#changes(began);
    apply(data, found);
    this.#websites = has("relist-merges") ? new Map([...this.#websites, ...found]) : found;
    [this.#since, this.#listed, this.#ready] = [moment, now, true];
  }

  // Pages shift while they are read: a list counts when two in a row name the same websites.
  async #list(before) {
    const found = new Map();
    const { data, ...began } = await this.#get("all/1", "");
    for (let page = 1, items = data; items.length > 0; ) {
      items.forEach(({ website_id, settings }) => found.set(website_id, settings ?? {}));
      page += 1;
      ({ data: items } = await this.#get(`all/${page}`, "", 404));
    }
    const names = [...found.keys()].sort().join();
    return names === before ? { found, ...began } : this.#list(names);
  }

  async #refresh() {
    const { data, ...moment } = await this.#changes(this.#since);
    if (moment.at < this.#since.at && !has("arrival-order")) {
      return; // a later poll has brought what this one tells, and more
    }
    if (has("empty-clears") && data.length === 0) {
      this.#websites.clear();
    }
    apply(data, this.#websites);
    this.#since = moment;
  }

  #changes({ date }) {
    const from = new Date(date - OVERLAP_MS).toISOString();
    return this.#get("since", `&date_since=${from}`);
  }

  // Gives the data, and the moment it was asked for.
  async #get(path, query, end) {
    await sleep(Math.max(PAUSE_MS, this.#silentUntil - performance.now()));
    const at = performance.now();
    this.#asked += 1; // each address is a new one, which no cache knows
    const where = `${CRISP_REST_HOST}/v1/plugin/connect/websites/${path}`;
    const signal = AbortSignal.timeout(this.#timeout);
    const url = `${where}?filter_configured=0${query}&nth=${this.#asked}`;
    const response = await fetch(url, { headers, signal });
    const answered = Date.parse(response.headers.get("date")) || Date.now();
    const after = response.headers.get("retry-after");
    const wait = Number(after) * 1_000 || Date.parse(after) - answered || 0;
    if (!has("ignores-retry-after")) {
      this.#silentUntil = Math.max(this.#silentUntil, performance.now() + wait);
    }
    const isEnd = response.status === end;
    const { data, error } = isEnd ? { data: [] } : await response.json();
    if (error || !Array.isArray(data) || !(response.ok || isEnd)) {
      throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
    }
    const date = has("own-clock") ? Date.now() : answered - (performance.now() - at);
    return { data, date, at };
  }
}

function apply(items, websites) {
  for (const { website_id, difference, settings } of items) {
    if (difference !== "removed") {
      websites.set(website_id, settings ?? {});
    } else if (!has("forgets-removals")) {
      websites.delete(website_id);
    }
  }
}

module.exports = { Copy, POLL_MS, PORT: Number(process.env.PORT || 3000) };
