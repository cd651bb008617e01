// A world of Crisp for each test: one emulator around the run, one space in it for each test.
//
// Run `crisp-mock exec -- node --test`. The credentials choose the world, so tests may run in
// parallel. With Vitest (../vitest) and Jest the same function does.

"use strict";

const CONTROL_URL = process.env.CRISP_MOCK_CONTROL_URL;
const TOKEN = process.env.CRISP_MOCK_CONTROL_TOKEN;

async function call(method, url, body) {
  const headers = { "Content-Type": "application/json" };
  if (TOKEN) {
    headers.Authorization = `Bearer ${TOKEN}`;
  }
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`${answer.error} (${answer.hint})`);
  }
  return answer;
}

// A fresh world: its facts (url, rest_url, identifier, key, plugin_id, …), `control` for calls as
// `world.control("PUT", "/websites/w1/settings", {…})`, and `close` when the test is over.
async function freshWorld(options = { websites: 3 }) {
  if (!CONTROL_URL) {
    throw new Error("there is no emulator: run `crisp-mock exec -- node --test`");
  }
  const info = await call("POST", `${CONTROL_URL}/spaces`, options);
  return {
    ...info,
    control: (method, path, body) => call(method, info.control_url + path, body),
    close: () => call("DELETE", info.control_url),
  };
}

module.exports = { freshWorld };
