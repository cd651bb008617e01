// The settings schema, as the Marketplace takes it: tested first, then saved.

import { call, write } from "./api.js";
import { shown } from "./ctl.js";
import { copyable, el } from "./dom.js";

/** The view. */
export function schemaView() {
  let tested = null;
  const text = el("textarea", { class: "mono tall", "aria-label": "Settings schema", spellcheck: "false", oninput: forget,
    ondragover: (event) => event.preventDefault(), ondrop: dropped });
  const verdict = el("div", { role: "status", class: "verdict" });
  const save = el("button", { type: "button", class: "primary", disabled: true, onclick: saveIt }, "Save Settings");
  const file = el("input", { type: "file", accept: ".json,application/json", "aria-label": "Open a schema", onchange: () => take(file.files[0]) });
  const node = el("section", {}, el("h1", {}, "Settings schema"),
    el("p", {}, "Paste your plugin's schema, or drop a file. Settings are made and checked by it, and the form of each website follows it."),
    el("div", { class: "bar" }, file), text,
    el("div", { class: "bar" }, el("button", { type: "button", onclick: test }, "Test Settings"), save), verdict,
    el("div", { class: "ctl" }, copyable("crisp-mock validate schema.json")), shown("schema", "schema.json"));
  let isLoaded = false;

  function forget() {
    tested = null;
    save.disabled = true;
  }

  function dropped(event) {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  }

  async function take(chosen) {
    if (chosen) {
      text.value = await chosen.text();
      forget();
    }
  }

  async function test() {
    const said = text.value;
    try {
      const answer = await call("POST", "/schema/check", { text: said });
      tested = answer.valid && said === text.value ? answer.schema : null;
      save.disabled = tested === null;
      verdict.replaceChildren(
        el("p", { class: answer.valid ? "good" : "problem" }, answer.valid ? "Valid." : "Not valid."),
        answer.report && el("pre", { tabindex: "0" }, answer.report),
        ...(answer.samples.length ? [el("h2", {}, "Settings that fit it"), ...answer.samples.map((one) => el("pre", {}, write(one, 2)))] : []));
    } catch (problem) {
      verdict.replaceChildren(el("p", { class: "problem" }, `${problem.message}. ${problem.hint}`));
    }
  }

  async function saveIt() {
    try {
      await call("PUT", "/schema", tested);
      verdict.replaceChildren(el("p", { class: "good" }, "Saved. Settings that are stored stay as they are; new ones have to fit."));
      forget();
    } catch (problem) {
      verdict.replaceChildren(el("p", { class: "problem" }, `${problem.message}. ${problem.hint}`));
    }
  }

  async function tick() {
    if (isLoaded) return;
    isLoaded = true;
    text.value = write(await call("GET", "/schema"), 2);
  }

  return { node, tick };
}
