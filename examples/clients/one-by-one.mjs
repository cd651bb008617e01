// A settings cache that reads websites one by one, several at a time.
//
// The list and the differential are hints: where one differs from the copy, the website is read alone, and only that
// changes the copy. What two answers say of one website can then never be put in the wrong order. All its waits are by
// a clock that the judge moves (docs/client-protocol.md, `manual_clock`).

import http from "node:http";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

const [OVERLAP, TIMEOUT, LAG, LONGEST_WAIT, PATIENCE] = [120_000, 10_000, 30_000, 60_000, 60_000];

// The clock: `elapsed` never jumps, `wall` may be wrong.
const clock = { elapsed: 0, wall: Date.now(), timers: new Set(), inFlight: 0 };
const at = (time, ring) => {
  const timer = { time, ring };
  clock.timers.add(timer);
  return timer;
};
const sleep = (ms) => new Promise((ring) => at(clock.elapsed + Math.max(0, ms), ring));
const backoff = (failures) => Math.min(LONGEST_WAIT, 5_000 * 2 ** Math.min(failures - 1, 10));

class OneByOne {
  websites = new Map(); // {settings, token} by website id
  ready = false;
  #seen = new Set(); // the items of the last differential
  #dates = []; // {at, date}: the server's time when good polls were sent, by our clock
  #queues = new Map(); // reads and saves of one website, one after another
  #pending = 0; // how many of those are left
  #hinted = new Map(); // websites that wait to be read alone: whether they may be gone
  #lists = [0]; // when to list everything
  #relist = Infinity; // and when at the latest
  #listed = null; // when the last list was sent
  #doubts = 0;
  #failures = 0;
  #known = null;
  #polled = null;
  #silentUntil = 0;
  #count = 0;
  #requests = new Set();
  #alive = true;

  constructor(access) {
    this.access = access;
    this.relistEvery = access.relist_ms ?? 6 * 3600_000;
    this.longestGap = Math.min(access.longest_gap_ms ?? Infinity, 300_000);
    this.live();
  }

  end() {
    this.#alive = false;
    this.#requests.forEach((request) => request.destroy());
  }

  status() {
    const age_ms = this.#known === null ? 0 : clock.elapsed - this.#known;
    const fresh = this.#failures === 0 && age_ms <= this.access.poll_ms + TIMEOUT;
    return { state: !this.ready ? "loading" : fresh ? "fresh" : "stale", age_ms };
  }

  async live() {
    for (;;) {
      try {
        if (this.mustList()) await this.list();
        await this.poll();
        this.#failures = 0;
        if (this.mustList()) continue;
        await this.rest();
      } catch (failure) {
        if (!failure.isAnswer) throw failure;
        await sleep(backoff(++this.#failures));
      }
    }
  }

  // Until the next poll or list. It is ready when nothing is left to be read alone, and when the list was beyond doubt,
  // or three more were not. It polls until then: one may tell that a website is gone which a reading does not find.
  async rest() {
    while (!this.ready) {
      if (this.#pending === 0 && (this.#doubts === 0 || this.#doubts > 3)) this.ready = true;
      else if (this.due() <= 0) return;
      else await sleep(Math.min(1_000, this.due()));
    }
    await sleep(this.due());
  }

  due() {
    return Math.min(this.#polled + this.access.poll_ms, this.#relist, ...this.#lists) - clock.elapsed;
  }

  mustList() {
    return Math.min(this.#relist, ...this.#lists) <= clock.elapsed;
  }

  // Lists every website, to the second empty page, since one may lie.
  async list() {
    const [began, rows] = [this.#count, new Map()];
    let [first, doubtful, empty, length] = [null, false, 0, 0];
    for (let page = 1, tries = 0; empty < 2; ) {
      const answer = await this.get(`plugin/connect/websites/all/${page}?filter_configured=0`).catch(async (failure) => {
        if (!failure.isAnswer || ++tries > 5) throw failure;
        if (failure.status === 404 && page > 1) return { ...failure, data: [] };
        await sleep(backoff(tries));
        return null;
      });
      if (!answer) continue;
      if (!Array.isArray(answer.data)) throw Object.assign(answer, { isAnswer: true });
      // A page behind one that is shorter: something was left out of that.
      doubtful ||= answer.cached || (page > 1 && answer.data.length > length);
      length = answer.data.length;
      empty = length === 0 ? empty + 1 : 0;
      [page, tries, first] = [page + 1, 0, first ?? answer];
      for (const item of answer.data) {
        doubtful ||= rows.has(item.website_id);
        rows.set(item.website_id, item);
      }
    }
    this.#lists = this.#lists.filter((due) => due > clock.elapsed);
    this.#relist = clock.elapsed + this.relistEvery;
    this.#doubts = doubtful ? this.#doubts + 1 : 0;
    if (this.#dates.length === 0) this.#dates.push({ at: first.sent, date: first.date });
    this.learn(first);
    for (const [id, row] of rows) {
      if (this.#listed === null && !this.websites.has(id)) this.put(id, row);
      else if (!this.holds(id, row)) this.hint(id, false);
    }
    for (const id of this.websites.keys()) {
      if (!rows.has(id)) this.hint(id, true);
    }
    this.#listed = first.sent;
    if (doubtful) this.listIn(backoff(this.#doubts));
  }

  listIn(ms) {
    const due = clock.elapsed + ms;
    if (!this.#lists.some((other) => other > due - 5_000 && other <= due)) this.#lists.push(due);
  }

  // Asks what changed since the lowest date of the last minutes: a clock that leaps ahead hides nothing then.
  async poll() {
    if (this.#dates.length === 0) return;
    const last = this.#dates.at(-1);
    // Too long a gap for the differential; while that fails, a list for each such gap is enough.
    if (clock.elapsed - Math.max(last.at, this.#listed) > this.longestGap) this.#lists.push(0);
    const from = Math.min(...this.#dates.map(({ date }) => date)) - OVERLAP - (this.#count % 1000);
    const since = encodeURIComponent(new Date(from).toISOString());
    this.#polled = clock.elapsed;
    const answer = await this.get(`plugin/connect/websites/since?filter_configured=0&date_since=${since}`).catch((failure) => {
      if ([400, 410, 422].includes(failure.status)) [this.#dates, this.#lists] = [[], [0]];
      throw failure;
    });
    if (!Array.isArray(answer.data) || answer.cached) throw Object.assign(answer, { isAnswer: true });
    this.learn(answer);
    // Where the server's clock was moved, dates do not tell what was missed.
    if (Math.abs(answer.date - last.date - (answer.sent - last.at)) > 30_000) this.#lists.push(0);
    this.#dates = [...this.#dates, { at: answer.sent, date: answer.date }];
    this.#dates = this.#dates.filter(({ at }, index, all) => at > clock.elapsed - OVERLAP || index === all.length - 1);
    const seen = new Set();
    let shifted = false;
    for (const item of answer.data) {
      const key = JSON.stringify(item);
      seen.add(key);
      const gone = item.difference === "removed";
      const same = gone ? !this.websites.has(item.website_id) : this.holds(item.website_id, item);
      // Who came or went may have shifted the pages of a list, and so may one that looks unchanged: they are listed
      // once more, and again when nothing lags behind any more.
      if (!this.#seen.has(key) && (item.difference !== "updated" || same)) shifted = true;
      if (!same) this.hint(item.website_id, gone);
    }
    this.#seen = seen;
    if (shifted) [0, LAG].forEach((ms) => this.listIn(ms));
  }

  holds(id, { settings, token }) {
    const held = this.websites.get(id);
    return held !== undefined && isDeepStrictEqual(held.settings, settings ?? {}) && held.token === token;
  }

  put(id, { settings, token }) {
    this.websites.set(id, { settings: settings ?? {}, token: token ?? this.websites.get(id)?.token ?? null });
  }

  queue(id, work) {
    this.#pending += 1;
    const done = (this.#queues.get(id) ?? Promise.resolve()).then(work).finally(() => (this.#pending -= 1));
    this.#queues.set(id, done);
    return done;
  }

  // Something may be new about a website: it is read alone.
  hint(id, mayBeGone) {
    const waits = this.#hinted.has(id);
    this.#hinted.set(id, mayBeGone);
    if (waits) return;
    this.queue(id, async () => {
      const mayBeGone = this.#hinted.get(id);
      this.#hinted.delete(id);
      await this.settle(id, mayBeGone, Infinity);
    });
  }

  // Reads a website until the answer can be believed; says what it is, "gone", or null.
  async settle(id, mayBeGone, patience) {
    const began = clock.elapsed;
    for (let tries = 1; ; tries++) {
      const answer = await this.get(this.path(id)).catch((failure) => failure);
      if (!answer.isAnswer && !answer.status) throw answer;
      if (answer.status === 200 && !answer.isAnswer && !answer.cached && answer.data.website_id === id) {
        this.put(id, answer.data);
        return this.websites.get(id);
      }
      // A 404 against the word of the differential is not enough: the list decides.
      if (answer.status === 404 && !answer.cached) {
        if (mayBeGone || this.#hinted.get(id) || !this.websites.has(id)) {
          this.websites.delete(id);
          return "gone";
        }
        if (clock.elapsed - began > OVERLAP) this.listIn(0);
      }
      if (clock.elapsed - began > patience) return null;
      await sleep(backoff(tries));
    }
  }

  async save(id, settings, how) {
    return this.queue(id, async () => {
      const answer = await this.send(how.toUpperCase(), this.path(id), settings).catch((failure) => failure);
      if (!answer.isAnswer && !answer.status) throw answer;
      const unclear = answer.isAnswer && !(answer.status >= 400 && answer.status < 500 && answer.status !== 408);
      if (answer.isAnswer && !unclear) {
        if (answer.status === 404) this.hint(id, true);
        return "refused";
      }
      const read = await this.settle(id, false, PATIENCE);
      if (read === null) this.hint(id, this.#hinted.get(id) ?? false);
      if (unclear) return includes(read?.settings, settings) ? "done" : "unknown";
      if (read === null && how === "patch") return "unknown";
      if (read === null) this.put(id, { settings });
      return "done";
    });
  }

  path(id) {
    return `plugins/subscription/${id}/${this.access.plugin_id}/settings`;
  }

  learn(answer) {
    if (!answer.cached) this.#known = Math.max(this.#known ?? 0, answer.sent);
  }

  async get(path) {
    return this.send("GET", path);
  }

  // One request; fails with an object that has `isAnswer` where there is nothing to be learnt.
  async send(method, path, body) {
    while (this.#silentUntil > clock.elapsed) await sleep(this.#silentUntil - clock.elapsed);
    this.#count += 1;
    const [sent, wall] = [clock.elapsed, clock.wall];
    const answer = await this.exchange(method, path, body);
    const date = Date.parse(answer.headers?.date ?? "");
    Object.assign(answer, { sent, date: Number.isNaN(date) ? wall : date, cached: answer.headers?.["bloom-status"] === "HIT" });
    const after = answer.status >= 400 ? answer.headers["retry-after"] : undefined;
    if (after !== undefined) {
      const ms = /^\d+(\.\d+)?$/.test(after) ? after * 1000 : Date.parse(after) - answer.date;
      if (ms > 0) this.#silentUntil = Math.max(this.#silentUntil, clock.elapsed + Math.min(ms, 3600_000));
    }
    const good = answer.status >= 200 && answer.status < 300 && answer.json?.error === false;
    if (good && answer.json.data && typeof answer.json.data === "object") return Object.assign(answer, { data: answer.json.data });
    throw Object.assign(answer, { isAnswer: true });
  }

  exchange(method, path, body) {
    return new Promise((done) => {
      if (!this.#alive) return; // it was told to forget: nothing goes on
      const { identifier, key, tier, rest_url } = this.access;
      const headers = { "X-Crisp-Tier": tier, "Content-Type": "application/json" };
      const options = { method, headers, auth: `${identifier}:${key}`, agent: false };
      const request = http.request(new URL(path, rest_url), options);
      this.#requests.add(request);
      clock.inFlight += 1;
      const timer = at(clock.elapsed + TIMEOUT, () => request.destroy(new Error("too late")));
      const end = (answer) => {
        if (!this.#requests.delete(request)) return;
        clock.inFlight -= 1;
        clock.timers.delete(timer);
        if (this.#alive) done(answer);
      };
      request.on("error", () => end({}));
      request.on("close", () => end({}));
      request.on("response", (response) => {
        const parts = [];
        response.on("error", () => end({}));
        response.on("data", (part) => parts.push(part));
        response.on("end", () => {
          const { statusCode: status, headers } = response;
          if (!response.complete) return end({});
          let json;
          try {
            json = JSON.parse(Buffer.concat(parts).toString());
          } catch {
            // no JSON: nothing to be learnt
          }
          end({ status, headers, json });
        });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

// Whether every member is there as it was sent. What a merge left as it was proves nothing.
function includes(held, sent) {
  const isObject = held !== null && typeof held === "object";
  return isObject && Object.entries(sent).every(([key, value]) => isDeepStrictEqual(held[key], value));
}

/* -- The client protocol --------------------------------------------------------------------- */

let client;
const idle = () => new Promise((done) => setImmediate(() => setImmediate(done)));

const operations = {
  hello: () => ({
    name: "one-by-one",
    version: "1",
    capabilities: ["save", "tokens", "status", "manual_clock", "reset"],
    timeout_ms: TIMEOUT,
    overlap_ms: 2 * OVERLAP,
    backoff_max_ms: LONGEST_WAIT,
    relist_ms: 6 * 3600_000,
    takes: ["relist_ms", "longest_gap_ms"],
  }),
  start: (access) => {
    clock.wall = Date.parse(access.now);
    client = new OneByOne(access);
  },
  read: () => ({ ready: client.ready, websites: Object.fromEntries(client.websites), status: client.status() }),
  save: async ({ website_id, settings, how }) => ({ outcome: await client.save(website_id, settings, how) }),
  advance: async ({ ms, now }) => {
    await idle();
    clock.elapsed += ms;
    clock.wall = Date.parse(now);
    const due = [...clock.timers].filter(({ time }) => time <= clock.elapsed).sort((a, b) => a.time - b.time);
    for (const timer of due) {
      if (clock.timers.delete(timer)) timer.ring();
      await null;
    }
    await idle();
    const next = Math.min(...[...clock.timers].map(({ time }) => time));
    return { ...(next < Infinity && { next_ms: Math.max(0, next - clock.elapsed) }), in_flight: clock.inFlight };
  },
  reset: () => {
    client?.end();
    client = undefined;
    clock.timers.clear();
  },
  stop: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, op, ...message } = JSON.parse(line);
  const reply = (members) => process.stdout.write(`${JSON.stringify({ id, ...members })}\n`);
  const answered = Promise.resolve(message)
    .then(operations[op])
    .then(
      (members) => reply({ ok: true, ...members }),
      (error) => reply({ ok: false, error: error.stack }),
    );
  if (op !== "save") await answered;
  if (op === "stop") process.exit();
}
