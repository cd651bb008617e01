// Where the program of this machine lies.

"use strict";

const path = require("node:path");

const FROM_SOURCE =
  "build the program from its source (docs/install.md) and name it in CRISP_MOCK_BINARY";

/**
 * The program's path: the one that CRISP_MOCK_BINARY names, or that of the package for this platform.
 *
 * @throws when no package has it, or that package is not installed; the message says what to do.
 */
function binary(platform = `${process.platform}-${process.arch}`) {
  if (process.env.CRISP_MOCK_BINARY) {
    return process.env.CRISP_MOCK_BINARY;
  }
  const { version, optionalDependencies = {} } = require("../package.json");
  const name = `@crisp-mock/${platform}`;
  const known = Object.keys(optionalDependencies);
  if (!known.includes(name)) {
    const there = known.map((known) => known.slice("@crisp-mock/".length)).join(", ");
    const but = there === "" ? "this is a checkout" : `there is one for ${there}`;
    throw new Error(`no package has a program for ${platform} (${but}): ${FROM_SOURCE}`);
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
  const file = process.platform === "win32" ? "crisp-mock.exe" : "crisp-mock";
  return path.join(path.dirname(manifest), "bin", file);
}

/** What to say when a program could not be started. */
function failedToStart(program, error) {
  const named = process.env.CRISP_MOCK_BINARY ? "; CRISP_MOCK_BINARY names it" : "";
  return new Error(`${program} could not be started (${error.code ?? error.message})${named}: ${FROM_SOURCE}`);
}

module.exports = { binary, failedToStart };
