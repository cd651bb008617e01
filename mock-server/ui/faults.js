// What goes wrong: faults that are armed, by clicking or as a plan.

import { call, write } from "./api.js";
import { live, shown } from "./ctl.js";
import { choice, el, labelled } from "./dom.js";

const OPERATIONS = ["since", "list", "get_settings", "save_settings", "update_settings", "subscription", "account", "hook", "rtm", "rtm_event"];

/** The common faults: what each is called, and its members. */
const EFFECTS = [
  ["503 for a while", { status: 503, retry_after: "20s" }],
  ["500", { status: 500 }],
  ["429 with Retry-After", { status: 429, retry_after: "20s" }],
  ["5 s late", { delay: "5s" }],
  ["Connection reset", { reset: true }],
  ["No answer at all", { hang: true }],
  ["Body cut after 40 bytes", { cut_body: 40 }],
  ["Garbage for JSON", { garbage: true }],
  ["HTML of a proxy", { html: true }],
  ["Answer lost, write done", { lose_answer: true }],
  ["Stale by a minute", { stale: "60s" }],
  ["Event lost", { drop: true }],
  ["Event twice", { duplicate: true }],
  ["Signature that is wrong", { bad_signature: true }],
];

/** The view. */
export function faultsView() {
  const operation = choice({}, OPERATIONS, "since");
  const which = choice({}, [["next", "the next one"], ["every", "every one"], ["three", "every third"]], "next");
  const effect = choice({}, EFFECTS.map(([title], index) => [String(index), title]), "0");
  const problem = el("pre", { class: "problem", role: "alert" });
  const said = el("p", { class: "good", role: "status" });
  const command = live("fault", "since#1", "status=503");
  const list = el("ul", { class: "faults" });
  const none = el("p", { class: "empty" }, "Nothing is armed: every request meets the emulator as it is.");
  const plan = el("textarea", { class: "mono", rows: 5, "aria-label": "Plan", spellcheck: "false",
    value: '- { at: "since#2", status: 503 }\n- { at: "list/2#1", cut_body: 40 }\n' });
  let counts = {};

  const form = el("form", { class: "inline", onchange: tell, onsubmit: (event) => {
    event.preventDefault();
    attempt(call("POST", "/faults", fault()));
  } }, labelled("Request", operation), labelled("Which", which), labelled("What happens", effect),
  el("button", { class: "primary" }, "Arm"));

  const node = el("section", {}, el("h1", {}, "What goes wrong"), form, command.node, said, problem,
    el("h2", {}, "Armed"), none, list,
    el("div", { class: "bar" }, el("button", { type: "button", onclick: () => attempt(call("DELETE", "/faults"), "Disarmed all.") }, "Disarm all")),
    shown("fault", "--clear"),
    el("h2", {}, "As a plan"), plan,
    el("div", { class: "bar" }, el("button", { type: "button", onclick: () => attempt(call("POST", "/faults/plan", { text: plan.value })) }, "Arm the plan")),
    shown("fault", "--plan", "plan.yaml"));

  /** The fault that is chosen; "the next" is counted from the requests that there were. */
  function fault() {
    const suffix = { next: `#${(counts[operation.value] ?? 0) + 1}`, every: "", three: "#every:3" }[which.value];
    return { at: operation.value + suffix, ...EFFECTS[Number(effect.value)][1] };
  }

  function tell() {
    const { at, ...members } = fault();
    command.tell("fault", at, ...Object.entries(members).map(([name, value]) => value === true ? name : `${name}=${value}`));
  }

  function attempt(promise, done) {
    problem.textContent = "";
    said.textContent = "";
    return promise.then((answer) => {
      said.textContent = done ?? `Armed: fault ${answer.ids.join(", ")}.`;
      return tick();
    }, (refused) => { problem.textContent = `${refused.message}\n${refused.hint}`; });
  }

  async function tick() {
    const [{ faults }, journal, { deliveries }] = await Promise.all([
      call("GET", "/faults"), call("GET", "/requests?limit=0"), call("GET", "/hooks/deliveries")]);
    counts = Object.fromEntries(Object.entries(journal.counts).map(([name, by]) => [name, Object.values(by).reduce((a, b) => a + b, 0)]));
    counts.hook = deliveries.at(-1)?.id ?? 0;
    tell();
    none.hidden = faults.length > 0;
    const text = JSON.stringify(faults);
    if (text === list.text) return;
    list.text = text;
    list.replaceChildren(...faults.slice(0, 200).map(({ id, fault: one, fired, shadowed }) => el("li", {},
      el("code", {}, write(one)), " ",
      el("span", { class: fired ? "tag odd" : "tag" }, fired ? `met ${fired}×` : "not met yet"),
      shadowed > 0 && el("small", {}, ` another came first ${shadowed}×`), " ",
      el("button", { type: "button", "aria-label": `Disarm fault ${id}`,
        onclick: () => attempt(call("DELETE", `/faults/${id}`), `Disarmed fault ${id}.`) }, "Disarm"),
      shown("fault", "--remove", String(id)))),
    ...(faults.length > 200 ? [el("li", {}, `and ${faults.length - 200} more`)] : []));
  }

  tell();
  return { node, tick };
}
