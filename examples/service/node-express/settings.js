// The settings of all websites, as crisp-sync tells them.
//
// @ts-check

"use strict";

const { setTimeout: sleep } = require("node:timers/promises");

const PAUSE_MS = 100;

/** @typedef {{ id: string, token: string | null, settings: Record<string, unknown> }} Website */
/** @typedef {{ outcome: "done" | "refused" | "unknown", message?: string }} Saved */

class Settings {
  /** @type {Map<string, Website>} */
  websites = new Map();
  /** The event that was applied last; empty: none. */
  event = "";
  isLoaded = false;
  /** @type {Map<string, Website> | null} a set that has not come whole */
  #coming = null;
  #url;
  #headers;

  /** @param {string} url @param {string} [token] */
  constructor(url, token) {
    this.#url = url;
    this.#headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** Follows the changes for ever. */
  async follow() {
    for (;;) {
      try {
        const headers = this.event ? { ...this.#headers, "Last-Event-ID": this.event } : this.#headers;
        const { ok, body } = await fetch(`${this.#url}/changes`, { headers });
        if (ok && body) await this.#read(body);
      } catch {
        // The service is not there, or has ended: what is held stays.
      }
      this.#coming = null;
      await sleep(PAUSE_MS);
    }
  }

  /**
   * Puts these members over a website's settings.
   *
   * @param {string} id @param {Record<string, unknown>} settings
   * @returns {Promise<Saved>}
   */
  async save(id, settings) {
    const body = JSON.stringify(settings);
    const url = `${this.#url}/websites/${id}/settings`;
    const answer = await fetch(url, { method: "PATCH", headers: this.#headers, body });
    const saved = await answer.json();
    return saved.outcome ? saved : { outcome: "refused", message: saved.error?.message };
  }

  async #read(body) {
    let text = "";
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split("\n\n");
      text = events.pop();
      events.forEach((event) => this.#apply(event));
    }
  }

  #apply(text) {
    const fields = Object.fromEntries(text.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]));
    const data = fields.data && JSON.parse(fields.data);
    switch (fields.event) {
      case "reset":
        this.#coming = new Map();
        break;
      case "website":
        (this.#coming ?? this.websites).set(data.id, data);
        break;
      case "removed":
        this.websites.delete(data.id);
        break;
      case "complete":
        [this.websites, this.#coming, this.isLoaded] = [this.#coming ?? new Map(), null, true];
    }
    if (fields.id) this.event = fields.id;
  }
}

module.exports = { Settings };
