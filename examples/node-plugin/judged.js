// The plugin under crisp-mock's eyes:
//
//   crisp-mock replay scenarios --client-cmd "node examples/node-plugin/judged.js"

"use strict";

const { judged } = require("../adapters/node/crisp-mock-client.js");
const plugin = require("./index.js");

judged(() => ({ ready: plugin.isLoaded(), websites: plugin.websites }), {
  name: "node-plugin",
  version: "1.0.0",
  tokens: true,
  start: plugin.maintainWebsites,
  // The plugin itself never replaces settings as a whole; for the judge that is one line more.
  save: (website_id, settings, how) =>
    how === "patch" ? plugin.saveSettings(website_id, settings) : replace(website_id, settings),
});

async function replace(website_id, settings) {
  await plugin.crisp.plugin.saveSubscriptionSettings(website_id, process.env.CRISP_PLUGIN_ID, settings);
  const website = plugin.websites.get(website_id);
  if (website) {
    website.settings = settings;
  }
}
