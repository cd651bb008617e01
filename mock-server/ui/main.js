// The frame of the page: views by the address, the clock and the space at the top, one beat for all.

import { bringToken, call, chooseSpace, server, space } from "./api.js";
import { choice, el, labelled, span } from "./dom.js";
import { eventsView } from "./events.js";
import { faultsView } from "./faults.js";
import { journalView } from "./journal.js";
import { lanesView } from "./report_view.js";
import { schemaView } from "./schema.js";
import { websiteView } from "./website.js";
import { websitesView } from "./websites.js";
import { worldView } from "./world.js";

const VIEWS = [
  ["journal", "Journal", journalView],
  ["websites", "Websites", websitesView],
  ["schema", "Schema", schemaView],
  ["faults", "Faults", faultsView],
  ["events", "Events", eventsView],
  ["world", "World", worldView],
  ["lanes", "Lanes", lanesView],
];

/** How often the page asks what is new, in milliseconds. */
const BEAT = 800;

const main = document.getElementById("main");
const connection = document.getElementById("connection");
let view = null;
let pid = null;
let isLost = false;

function route() {
  const [name, argument] = location.hash.replace(/^#\/?/, "").split("/");
  return [name || "journal", argument && decodeURIComponent(argument)];
}

function open() {
  const [name, argument] = route();
  const found = VIEWS.find(([known]) => known === name) ?? VIEWS[0];
  view = name === "websites" && argument ? websiteView(argument) : found[2]();
  main.replaceChildren(view.node);
  document.title = `${found[1]} · crisp-mock`;
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.dataset.view === found[0]) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
  beat();
}

document.getElementById("tabs").append(...VIEWS.map(([name, title]) =>
  el("a", { href: `#/${name}`, "data-view": name }, title)));

const clock = el("a", { href: "#/world", id: "clock" });
const spaces = choice({ "aria-label": "Space", id: "space", onchange: () => {
  chooseSpace(spaces.value);
  open();
} }, [space()], space());
document.getElementById("status").append(clock, spaces);

async function top() {
  const [now, info, known] = await Promise.all([call("GET", "/clock"), call("GET", "/info"), server("GET", "/spaces")]);
  const stands = now.mode === "manual";
  clock.textContent = `${now.now.slice(11, 19)} ${stands ? "· time stands still" : ""}`;
  clock.title = `${now.now}, ${now.mode} clock, ${span(now.elapsed_ms)} since the start`;
  clock.classList.toggle("stands", stands);
  const names = known.spaces;
  if (names.join() !== [...spaces.options].map((option) => option.value).join()) {
    spaces.replaceChildren(...names.map((name) => el("option", { value: name, selected: name === space() }, name)));
  }
  spaces.hidden = names.length < 2;
  if (pid !== null && pid !== info.pid) {
    view.restarted?.();
  }
  pid = info.pid;
}

let beating = false;

async function beat() {
  if (beating || document.querySelector("dialog[open]")) return;
  beating = true;
  try {
    await top();
    await view.tick?.();
    if (isLost) say("");
    isLost = false;
  } catch (problem) {
    await failed(problem);
  } finally {
    beating = false;
  }
}

async function failed(problem) {
  if (problem.status === 404 && space() !== "default" && problem.message.includes("no space")) {
    chooseSpace("default");
    open();
    say("The space is gone; this is the default one.");
  } else if (problem.status === 0) {
    isLost = true;
    say("The server does not answer. Trying again …");
  } else if (problem.status !== 401) {
    isLost = true;
    say(`${problem.message}. ${problem.hint ?? ""}`);
  }
}

function say(text) {
  connection.textContent = text;
}

document.addEventListener("token-wanted", () => {
  if (document.querySelector("dialog[open]")) return;
  const token = el("input", { type: "password", autocomplete: "off", required: true });
  const dialog = el("dialog", { "aria-labelledby": "token-title" }, el("form", { method: "dialog", onsubmit: (event) => {
    event.preventDefault();
    bringToken(token.value);
    dialog.close();
    dialog.remove();
    open();
  } },
    el("h2", { id: "token-title" }, "Control token"),
    el("p", {}, "This server was started with --control-token. The token stays in this tab."),
    labelled("Token", token),
    el("button", { class: "primary" }, "Go on")));
  document.body.append(dialog);
  dialog.showModal();
});

let here = location.hash;

addEventListener("hashchange", () => {
  if (here !== location.hash && view.leaves && !view.leaves()) {
    history.replaceState(null, "", here);
    return;
  }
  here = location.hash;
  open();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
setInterval(() => { if (!document.hidden) beat(); }, BEAT);
open();
