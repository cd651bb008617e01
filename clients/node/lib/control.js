// One call of the control API. Not by `fetch`, which tests replace.

"use strict";

const http = require("node:http");

// A call may wait for five minutes at most (`wait=5m`); the rest is for a slow machine.
const PATIENCE_MS = 330_000;
// The control API's own bound on a dump, and room for a full journal.
const MOST_BYTES = 256 * 1024 * 1024;

function exchange(method, url, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { Accept: "application/json" };
  if (text !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["Content-Length"] = Buffer.byteLength(text);
  }
  if (process.env.CRISP_MOCK_CONTROL_TOKEN) {
    headers.Authorization = `Bearer ${process.env.CRISP_MOCK_CONTROL_TOKEN}`;
  }
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      const chunks = [];
      let length = 0;
      response.on("data", (chunk) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > MOST_BYTES) {
          request.destroy(new Error(`the answer is longer than ${MOST_BYTES} bytes`));
        }
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    request.setTimeout(PATIENCE_MS, () => {
      request.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`));
    });
    request.on("error", reject);
    request.end(text);
  });
}

/**
 * Calls the control API, and gives the JSON that it answers.
 *
 * @throws when nothing answers, or the answer is a refusal: what was wrong, and what to do next.
 */
async function call(method, url, body) {
  let answer;
  try {
    answer = await exchange(method, url, body);
  } catch (error) {
    throw new Error(`${method} ${url} failed: ${error.message}. Is the emulator still running?`, { cause: error });
  }
  let data;
  try {
    data = JSON.parse(answer.text);
  } catch {
    throw new Error(`${url} does not answer as crisp-mock does: is CRISP_MOCK_CONTROL_URL right?`);
  }
  if (answer.status >= 400) {
    throw new Error(`${method} ${url}: ${data.error} (${data.hint})`);
  }
  return data;
}

module.exports = { call };
