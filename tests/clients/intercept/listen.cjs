// A bot that knows no host but Crisp's own: waits for a message over the RTM API, and says what it was. The
// first argument names the package.

"use strict";

const required = require(process.argv[2]);
const Crisp = required.Crisp ?? required;
const { CRISP_IDENTIFIER, CRISP_KEY, CRISP_MOCK_CONTROL_URL } = process.env;

const client = new Crisp();
client.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);
client.on("message:send", ({ content }) => {
  console.log(`heard ${content}`);
  process.exit(0);
});

// A visitor writes once the bot listens.
async function write() {
  const control = (path, init) => fetch(`${CRISP_MOCK_CONTROL_URL}${path}`, init);
  for (;;) {
    const body = JSON.stringify({ event: "message:send", website_id: "w1", data: { content: "Hi" } });
    await control("/events", { method: "POST", body });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

write();
