// Events that Crisp tells a plugin of: sent by hand, to its web hooks and its sockets.

import { call, parse, write } from "./api.js";
import { live, settingsWords } from "./ctl.js";
import { choice, el, labelled } from "./dom.js";

/** Common events, each with the members that one wants to choose; the server adds what Crisp's have beside them. */
const TEMPLATES = [
  ["A visitor writes", "message:send", { content: "Is anybody there?" }],
  ["An operator answers", "message:received", { content: "Yes!" }],
  ["A message is edited", "message:updated", { content: "Is anybody here?" }],
  ["A message is removed", "message:removed", {}],
  ["A conversation begins", "session:request:initiated", {}],
  ["A conversation is resolved", "session:set_state", { state: "resolved" }],
  ["A conversation is removed", "session:removed", {}],
  ["The visitor's address is known", "session:set_email", { email: "jane@example.com" }],
  ["The visitor's name is known", "session:set_nickname", { nickname: "Jane" }],
  ["The visitor's data change", "session:set_data", { data: { plan: "gold" } }],
  ["Segments are set", "session:set_segments", { segments: ["customer"] }],
  ["A person is added", "people:profile:created", { email: "jane@example.com" }],
  ["Visitors are counted", "website:update_visitors_count", { visitors_count: 3 }],
  ["Settings were saved", "plugin:settings:saved", {}],
  ["An event of the plugin", "plugin:event", { name: "order:paid", data: { total: 5 } }],
];

/** The view. */
export function eventsView() {
  const template = choice({ onchange: fill }, TEMPLATES.map(([title], index) => [String(index), title]), "0");
  const name = el("input", { autocomplete: "off", spellcheck: "false", required: true, size: 26 });
  const website = el("input", { autocomplete: "off", spellcheck: "false", placeholder: "the first", size: 12 });
  const members = el("textarea", { class: "mono", rows: 5, "aria-label": "Members of its payload, as JSON", spellcheck: "false" });
  const problem = el("pre", { class: "problem", role: "alert" });
  const said = el("div", { role: "status" });
  const command = live("emit", "message:send");
  const form = el("form", { oninput: tell, onsubmit: (event) => { event.preventDefault(); emit(); } },
    el("div", { class: "bar" }, labelled("What happens", template), labelled("Event", name), labelled("Website", website)),
    members, el("div", { class: "bar" }, el("button", { class: "primary" }, "Emit")));
  const node = el("section", {}, el("h1", {}, "Events"),
    el("p", {}, "Installs, saves and changes of plan raise their events by themselves. Any other is sent here, to the web hooks and sockets that want it."),
    form, command.node, problem, said);

  function fill() {
    const [, event, some] = TEMPLATES[Number(template.value)];
    name.value = event;
    members.value = write(some, 2);
    tell();
  }

  /** What is written as members; none is the same as an empty object. */
  function data() {
    return members.value.trim() === "" ? {} : parse(members.value);
  }

  function tell() {
    try {
      const some = data();
      command.tell("emit", name.value.trim(), ...(website.value.trim() ? [website.value.trim()] : []),
        ...(Object.keys(some).length ? settingsWords(some) : []));
    } catch {
      // What cannot be read yet has no command.
    }
  }

  async function emit() {
    problem.textContent = "";
    said.replaceChildren();
    try {
      const wanted = { event: name.value.trim(), data: data() };
      if (website.value.trim()) wanted.website_id = website.value.trim();
      const event = await call("POST", "/events", wanted);
      said.replaceChildren(el("p", { class: "good" }, `Event ${event.seq} was sent. `, el("a", { href: "#/journal" }, "Its deliveries are in the journal"), "."),
        el("pre", { class: "body", tabindex: "0" }, write(event.data, 2)));
    } catch (refused) {
      problem.textContent = `${refused.message}\n${refused.hint ?? "Write a JSON object."}`;
    }
  }

  fill();
  return { node };
}
