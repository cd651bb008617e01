// The command of `crisp-mock ctl` that does what a control of the page does.

import { space, write } from "./api.js";
import { copyable, el } from "./dom.js";

/** A word as a shell takes it. */
export function quoted(word) {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command line, with the address and the space where they are not the usual ones. */
export function line(...words) {
  const where = [];
  if (location.origin !== "http://127.0.0.1:8420") {
    where.push("--url", location.origin);
  }
  if (space() !== "default") {
    where.push("--space", space());
  }
  return ["crisp-mock", "ctl", ...words, ...where].map(quoted).join(" ");
}

/** The command line, to be shown and copied. */
export function shown(...words) {
  return el("div", { class: "ctl" }, copyable(line(...words)));
}

/** A command that follows what is chosen: `tell` takes its words now. */
export function live(...words) {
  const node = el("div");
  let known = "";
  const tell = (...now) => {
    const text = line(...now);
    if (text === known) return;
    known = text;
    node.replaceChildren(shown(...now));
  };
  tell(...words);
  return { node, tell };
}

/** Settings as `ctl save` takes them. */
export function settingsWords(settings) {
  const entries = Object.entries(settings);
  const simple = entries.length > 0 && entries.length <= 3
    && entries.every(([name, value]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && isPlainText(value));
  return simple ? entries.map(([name, value]) => `${name}=${value}`) : ["--json", write(settings)];
}

/** Whether a value is a text that a shell word stands for: one that is no JSON. */
function isPlainText(value) {
  if (typeof value !== "string" || value === "" || value.length > 60 || value.startsWith("@")) return false;
  try {
    JSON.parse(value);
    return false;
  } catch {
    return !value.includes("\n");
  }
}
