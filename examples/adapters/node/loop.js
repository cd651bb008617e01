// A loop that keeps a plugin's settings in step with Crisp and loses nothing, without packages.
//
// Five rules make the difference to the loop that Crisp's guide prints. Pages shift while they are
// read, so it lists until two lists in a row name the same websites, and asks at once what changed
// meanwhile. The date is Crisp's own and not this machine's; each round looks back a little further
// than the last one began; and the date moves on only when an answer was whole.

"use strict";

const { setTimeout: sleep } = require("node:timers/promises");

// Clocks differ, and answers lag behind what was saved.
const OVERLAP_MS = 10_000;
const TIMEOUT_MS = 5_000;

class Loop {
  websites = new Map();
  ready = false;
  #stopped = new AbortController();

  // Runs until `stop`; `place` says where Crisp is, with which credentials, and how often to ask.
  async start(place) {
    let since;
    while (!this.#stopped.signal.aborted) {
      try {
        since ??= await this.#load(place);
        since = await this.#refresh(place, since);
        this.ready = true;
      } catch (error) {
        console.error(error.message);
      }
      await sleep(place.poll_ms, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  stop() {
    this.#stopped.abort();
  }

  // Both give the date from which on the next round is to ask.
  async #load(place) {
    for (let last, found; ; last = found) {
      const list = await this.#list(place);
      found = [...list.websites.keys()].sort().join();
      if (found === last) {
        list.websites.forEach((website) => this.#store(website));
        return new Date(list.date - OVERLAP_MS);
      }
    }
  }

  async #list(place) {
    const websites = new Map();
    const first = await this.#get(place, "all/1");
    for (let page = 1, found = first.data; found.length > 0; ) {
      found.forEach((website) => websites.set(website.website_id, website));
      found = (await this.#get(place, `all/${++page}`, 404)).data;
    }
    return { websites, date: first.date };
  }

  async #refresh(place, since) {
    const query = `since?date_since=${encodeURIComponent(since.toISOString())}`;
    const { data, date } = await this.#get(place, query);
    for (const change of data) {
      if (change.difference === "removed") {
        this.websites.delete(change.website_id);
      } else {
        this.#store(change);
      }
    }
    return new Date(date - OVERLAP_MS);
  }

  #store({ website_id, token, settings }) {
    this.websites.set(website_id, { token, settings: settings ?? {} });
  }

  // What is past the last page may be an empty one, or not there.
  async #get({ rest_url, identifier, key }, path, end) {
    const pair = Buffer.from(`${identifier}:${key}`).toString("base64");
    const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };
    const began = Date.now();
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(`${rest_url}plugin/connect/websites/${path}`, { headers, signal });
    const { data, error } = await response.json();
    if (response.status === end) {
      return { data: [] };
    }
    if (!response.ok || error || !Array.isArray(data)) {
      throw new Error(`${path}: ${response.status}`);
    }
    // Crisp's clock when it answered; ours when we asked, if it does not say.
    return { data, date: Date.parse(response.headers.get("date")) || began };
  }
}

module.exports = { Loop, TIMEOUT_MS };
