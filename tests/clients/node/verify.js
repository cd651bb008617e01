// Holds deliveries that come in as lines {"body", "timestamp", "signature"} against the official client
// and against JavaScript itself; says how many there were, and the first that does not fit.

"use strict";

const { createInterface } = require("node:readline");
const { Crisp } = require(process.argv[2]);

async function main() {
  const client = new Crisp();
  client.setRtmMode("webhooks");
  await client.on("plugin:settings:saved", () => {});
  let count = 0;
  let wrong = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const { body, timestamp, signature } = JSON.parse(line);
    const parsed = JSON.parse(body);
    const verified = client.verifyHook(process.argv[3], parsed, timestamp, signature);
    if (!verified || JSON.stringify(parsed) !== body) wrong ??= { body, verified };
    count += 1;
  }
  console.log(JSON.stringify({ count, wrong }));
  process.exit(0);
}

main();
