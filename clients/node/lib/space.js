// A world of its own in a server: what a test knows of it, and does to it.

"use strict";

const { call } = require("./control.js");
const report = require("./report.js");

class Space {
  #facts;

  /** From what `POST /_mock/spaces` answers. */
  constructor(facts) {
    this.#facts = Object.freeze({ ...facts });
  }

  /** A fresh space of the server with this control API. */
  static async make(controlUrl, options = {}) {
    return new Space(await call("POST", `${controlUrl}/spaces`, options));
  }

  get facts() {
    return this.#facts;
  }
  get url() {
    return this.#facts.url;
  }
  get restUrl() {
    return this.#facts.rest_url;
  }
  get controlUrl() {
    return this.#facts.control_url;
  }
  get identifier() {
    return this.#facts.identifier;
  }
  get key() {
    return this.#facts.key;
  }
  get pluginId() {
    return this.#facts.plugin_id;
  }
  get hookSecret() {
    return this.#facts.hook_secret;
  }

  /** The variables that `crisp-mock exec` gives its command. */
  get env() {
    const facts = this.#facts;
    return {
      CRISP_REST_HOST: facts.url,
      CRISP_REST_URL: facts.rest_url,
      CRISP_RTM_URL: facts.rtm_url,
      CRISP_IDENTIFIER: facts.identifier,
      CRISP_KEY: facts.key,
      CRISP_TIER: facts.tier,
      CRISP_PLUGIN_ID: facts.plugin_id,
      CRISP_HOOK_SECRET: facts.hook_secret,
      CRISP_MOCK_CONTROL_URL: facts.control_url,
    };
  }

  control(method, path, body) {
    return call(method, this.controlUrl + path, body);
  }

  async websites() {
    return (await this.control("GET", "/websites")).websites;
  }

  save(website, settings) {
    return this.control("PUT", `/websites/${encodeURIComponent(website)}/settings`, settings);
  }

  install(website, options = {}) {
    const body = website === undefined ? options : { ...options, website_id: website };
    return this.control("POST", "/websites", body);
  }

  async uninstall(website) {
    await this.control("DELETE", `/websites/${encodeURIComponent(website)}`);
  }

  async fault(at, effect) {
    const fault = typeof at === "string" ? { ...effect, at } : at;
    return (await this.control("POST", "/faults", fault)).ids;
  }

  advance(by) {
    return this.control("POST", "/clock", { advance: by });
  }

  emit(event, website, data) {
    return this.control("POST", "/events", { event, website_id: website, data });
  }

  async requests(filter = {}) {
    const given = Object.entries(filter).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return (await this.control("GET", `/requests?${query}`)).requests;
  }

  async expectNoUnfired() {
    const { faults } = await this.control("GET", "/faults");
    const unfired = faults.filter((fault) => fault.never_fired);
    if (unfired.length > 0) {
      const list = unfired.map(({ fault }) => JSON.stringify(fault)).join(", ");
      throw new Error(`armed, but met by no request: ${list}. The test did not try what it is about.`);
    }
  }

  async journal() {
    return report.journal(await this.control("GET", `/requests?limit=${report.NEWEST}`));
  }

  async close() {
    await call("DELETE", this.controlUrl);
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }
}

module.exports = { Space };
