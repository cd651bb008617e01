// The emulator for the tests of a plugin: `await using mock = await start({ websites: 3 })`.

"use strict";

const { Mock, start } = require("./lib/server.js");
const { Space } = require("./lib/space.js");

module.exports = { Mock, Space, start };
