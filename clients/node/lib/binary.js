// Where the program of this machine lies.

"use strict";

const fs = require("node:fs");
const path = require("node:path");

// The variable that names a program which was built from source.
const VARIABLES = { "crisp-mock": "CRISP_MOCK_BINARY", "crisp-sync": "CRISP_SYNC_BINARY" };
const fromSource = (program) =>
  `build the program from its source (docs/install.md) and name it in ${VARIABLES[program]}`;

/**
 * A program's path: the one that its variable names, or that of the package for this platform.
 *
 * @throws when no package has it, or that package is not installed; the message says what to do.
 */
function binary(platform = `${process.platform}-${process.arch}`, program = "crisp-mock") {
  const named = process.env[VARIABLES[program]];
  if (named) {
    return named;
  }
  const { version, optionalDependencies = {} } = require("../package.json");
  const name = `@crisp-mock/${platform}`;
  const known = Object.keys(optionalDependencies);
  if (!known.includes(name)) {
    const there = known.map((known) => known.slice("@crisp-mock/".length)).join(", ");
    const but = there === "" ? "this is a checkout" : `there is one for ${there}`;
    throw new Error(`no package has a program for ${platform} (${but}): ${fromSource(program)}`);
  }
  let manifest;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    throw new Error(
      `the package ${name}, which has the program for this machine, is not installed. npm leaves it ` +
        "out with --omit=optional, and when package-lock.json was made on another platform (npm/cli " +
        "issue 4828): delete package-lock.json and node_modules and run `npm install` again without " +
        `that option, or run \`npm install ${name}@${version}\``,
    );
  }
  const installed = require(manifest).version;
  if (installed !== version) {
    throw new Error(
      `crisp-mock is ${version}, but ${name} is ${installed}: run \`npm install crisp-mock@${version}\``,
    );
  }
  const file = process.platform === "win32" ? `${program}.exe` : program;
  const found = path.join(path.dirname(manifest), "bin", file);
  if (!fs.existsSync(found)) {
    throw new Error(`the package ${name} has no ${program}: ${fromSource(program)}`);
  }
  return found;
}

/** What to say when a program could not be started. */
function failedToStart(file, error, program = "crisp-mock") {
  const variable = VARIABLES[program];
  const named = process.env[variable] ? `; ${variable} names it` : "";
  const why = `${file} could not be started (${error.code ?? error.message})${named}`;
  return new Error(`${why}: ${fromSource(program)}`);
}

module.exports = { binary, failedToStart };
