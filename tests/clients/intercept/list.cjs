// A plugin that knows no host but Crisp's own: lists its websites with the official client, and says how
// many the first page has. The first argument names the package.

"use strict";

const required = require(process.argv[2]);
const Crisp = required.Crisp ?? required;
const { CRISP_IDENTIFIER, CRISP_KEY } = process.env;

const client = new Crisp();
client.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);
const end = (text, code) => {
  console.log(text);
  // The client may keep timers, which would keep the process alive.
  process.exit(code);
};
client.plugin.listAllConnectWebsites(1).then(
  (websites) => end(`${websites.length} websites`, 0),
  (error) => end(JSON.stringify(error), 1),
);
