#!/usr/bin/env node
// Starts crisp-sync: the settings of all websites, for plugins in any language (docs/service.md).

"use strict";

const { launch } = require("../lib/launch.js");

launch("crisp-sync", process.argv.slice(2));
