// One website: its settings as a form or as JSON, what changed, and the plugin's own page in a frame.

import { call, parse, write } from "./api.js";
import { settingsWords, shown } from "./ctl.js";
import { choice, el, newId } from "./dom.js";
import { formOf } from "./form.js";

const TABS = [["form", "Form"], ["json", "JSON"], ["history", "History"], ["operator", "Open as an operator"]];

/** Who made a change. */
const WRITERS = { plugin: "the plugin", operator: "an operator with a token", control: "the control API (this page, ctl, a test)" };

/** The view of a website, by its name or id. */
export function websiteView(name) {
  const head = el("div", { class: "facts" });
  const panel = el("div", { id: newId(), role: "tabpanel", tabindex: "0" });
  const notice = el("p", { class: "notice", role: "status" });
  const tabs = el("div", { class: "tabs", role: "tablist", onkeydown: arrows });
  const node = el("section", {}, el("p", {}, el("a", { href: "#/websites" }, "All websites")), el("h1", {}, name), head, notice, tabs, panel);
  let website = null;
  let schema = null;
  let tab = "form";
  let isDirty = false;
  let beats = 0;

  tabs.append(...TABS.map(([key, title]) => el("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": panel.id,
    onclick: () => { if (tab !== key && leaves()) { tab = key; draw(); } } }, title)));

  function arrows(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = (TABS.findIndex(([key]) => key === tab) + by + TABS.length) % TABS.length;
    const button = tabs.children[next];
    button.click();
    button.focus();
  }

  function leaves() {
    return !isDirty || confirm("What you changed is not saved. Leave it?");
  }

  async function tick() {
    beats += 1;
    if (website !== null && beats % 3 !== 0) return;
    const before = website;
    let now;
    try {
      now = await call("GET", `/websites/${encodeURIComponent(name)}`);
    } catch (problem) {
      if (problem.status !== 404 && problem.status !== 400) throw problem;
      gone(problem);
      return;
    }
    if (website !== before) return; // it was saved while this was asked: the answer may be older
    const isNew = website === null;
    const changed = !isNew && write(now) !== write(website);
    if (isNew) {
      schema = await call("GET", "/schema");
    }
    if (isNew || (changed && !isDirty)) {
      website = now;
      draw();
    } else if (changed) {
      notice.replaceChildren("This website was changed meanwhile. ",
        el("button", { type: "button", onclick: () => { website = now; isDirty = false; draw(); } }, "Show what is there now"));
    }
  }

  function gone(problem) {
    if (head.textContent.startsWith(problem.message)) return;
    website = null;
    head.replaceChildren(el("p", { class: "problem" }, problem.message, ". "),
      el("button", { type: "button", class: "primary", onclick: () => call("POST", "/websites", { website_id: name }).then(tick) }, "Install the plugin on it"));
    tabs.hidden = true;
    panel.replaceChildren(shown("install", name));
  }

  function draw() {
    notice.replaceChildren();
    isDirty = false;
    tabs.hidden = false;
    const facts = [["Company", website.company], ["Domain", website.domain], ["Plan", website.plan.name], ["Id", website.website_id],
      ["Token", website.token], ["Installed", website.installed_at], ["Changed", website.changed_at]];
    head.replaceChildren(el("dl", {}, facts.filter(([, value]) => value).map(([title, value]) =>
      el("div", {}, el("dt", {}, title), el("dd", {}, value)))));
    for (const button of tabs.children) {
      const isChosen = button.id === `tab-${tab}`;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${tab}`);
    panel.replaceChildren(...{ form, json, history, operator }[tab]());
  }

  /** What is common to both ways to edit: read, save, say how it went. */
  function editor(body, read, show) {
    const status = el("p", { class: "saved", role: "status" });
    const command = el("div", {}, commandOf(website.settings));
    const save = el("button", { class: "primary" }, "Save");
    const dirty = () => {
      isDirty = true;
      status.textContent = "";
      try {
        command.replaceChildren(commandOf(read()));
      } catch {
        // What cannot be read yet has no command.
      }
    };
    const form = el("form", { novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      status.textContent = "";
      try {
        const settings = read();
        const known = write(website.settings); // what is shown may change while the server is asked
        const there = await call("GET", `/websites/${encodeURIComponent(name)}`);
        if (write(there.settings) !== known && !confirm("It was saved meanwhile. Save over that?")) return;
        website = await call("PUT", `/websites/${encodeURIComponent(name)}/settings`, settings);
        draw();
        panel.querySelector(".saved").textContent = `Saved at ${website.changed_at.slice(11, 19)}`;
      } catch (problem) {
        const problems = problem.problems?.length ? problem.problems : [{ pointer: "", message: `${problem.message}. ${problem.hint ?? ""}` }];
        show(problems);
      }
    } }, body, el("div", { class: "bar" }, save, status), command);
    return { form, dirty };
  }

  function commandOf(settings) {
    return shown("save", name, ...settingsWords(settings));
  }

  function form() {
    let editing;
    const fields = formOf(schema, website.settings, () => editing.dirty());
    editing = editor(fields.node, fields.read, fields.show);
    return [editing.form];
  }

  function json() {
    const problem = el("p", { class: "problem", role: "alert" });
    const text = el("textarea", { class: "mono tall", "aria-label": "Settings as JSON", spellcheck: "false", value: write(website.settings, 2), oninput: () => editing.dirty() });
    const editing = editor([text, problem], () => parse(text.value), (problems) => {
      problem.textContent = problems.map(({ message }) => message).join("; ");
    });
    return [editing.form];
  }

  function history() {
    const list = el("ol", { class: "history" }, el("li", {}, "…"));
    call("GET", `/websites/${encodeURIComponent(name)}/history`).then(({ changes }) => {
      const items = changes.map((change, index) => el("li", {}, el("strong", {}, change.kind), ` by ${WRITERS[change.by] ?? change.by} at ${change.time} · ${change.plan} `,
        el("span", {}, difference(changes[index + 1]?.settings, change.settings)),
        el("details", {}, el("summary", {}, "Settings then"), el("pre", {}, write(change.settings, 2)))));
      list.replaceChildren(...(items.length ? items : [el("li", {}, "Nothing changed since the start.")]));
    }, (problem) => list.replaceChildren(el("li", {}, problem.message)));
    return [list];
  }

  function operator() {
    if (!website.settings_url) {
      return [el("p", {}, "The plugin has no settings page here: start with --settings-url http://127.0.0.1:3000/settings and it opens in this place, as in Crisp.")];
    }
    const locale = choice({ "aria-label": "Locale", onchange: () => { frame.src = url(); } }, ["en", "fr", "de", "es", "nl", "pt"], "en");
    const url = () => website.settings_url.replace(/locale=[a-z]+/, `locale=${locale.value}`);
    const frame = el("iframe", { title: "The plugin's settings page", src: url(), referrerpolicy: "no-referrer" });
    return [el("div", { class: "bar" }, locale, el("a", { href: website.settings_url, target: "_blank", rel: "noreferrer" }, "In a tab of its own")), frame];
  }

  return { node, tick, leaves, restarted: () => { if (!isDirty) website = null; } };
}

/** The members that a change touched. */
function difference(before = {}, after) {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const touched = [...names].filter((name) => write(before[name]) !== write(after[name]));
  return touched.length ? `· ${touched.join(", ")}` : "";
}
