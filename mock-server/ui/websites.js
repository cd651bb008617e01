// The websites that have the plugin, a page at a time.

import { call } from "./api.js";
import { live } from "./ctl.js";
import { choice, el, labelled } from "./dom.js";

const PAGE = 50;
export const PLANS = ["Free", "Mini", "Essentials", "Plus"];

/** The view. */
export function websitesView() {
  let offset = 0;
  let isAsked = true;
  const search = el("input", { type: "search", placeholder: "Name, domain, id, token, plan", "aria-label": "Search websites",
    oninput: () => { offset = 0; isAsked = true; clearTimeout(search.later); search.later = setTimeout(tick, 150); } });
  const body = el("tbody");
  const figures = el("p", { class: "figures", role: "status" });
  const problem = el("p", { class: "problem", role: "alert" });
  const back = el("button", { type: "button", onclick: () => turn(-PAGE) }, "Back");
  const next = el("button", { type: "button", onclick: () => turn(PAGE) }, "Next");
  const id = el("input", { placeholder: "the next free one", autocomplete: "off", spellcheck: "false" });
  const plan = choice({}, PLANS, "Free");
  const command = live("install");
  const planned = live("plan", "w1", "Plus");
  const removed = live("uninstall", "w1");
  const install = el("form", { class: "inline", onsubmit: (event) => {
    event.preventDefault();
    const wanted = { plan: plan.value };
    if (id.value.trim()) wanted.website_id = id.value.trim();
    attempt(call("POST", "/websites", wanted).then((website) => { location.hash = `#/websites/${website.name}`; }));
  }, oninput: () => {
    const words = ["install", ...(id.value.trim() ? [id.value.trim()] : [])];
    if (plan.value !== "Free") words.push("--plan", plan.value);
    command.tell(...words);
  } }, labelled("Website", id), labelled("Plan", plan), el("button", { class: "primary" }, "Install"));

  const node = el("section", {}, el("h1", { class: "hidden" }, "Websites"),
    el("details", { class: "card" }, el("summary", {}, "Install the plugin on a website"), install, command.node),
    el("div", { class: "bar" }, search, figures),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Websites" }, el("table", {}, el("thead", {}, el("tr", {},
      ["Name", "Company", "Plan", "Settings", "Token", ""].map((title) =>
        title ? el("th", { scope: "col" }, title) : el("td")))), body)),
    el("div", { class: "bar" }, back, next), problem, planned.node, removed.node);

  function attempt(promise) {
    problem.textContent = "";
    return promise.then(() => { isAsked = true; return tick(); }, (refused) => {
      problem.textContent = `${refused.message}. ${refused.hint}`;
    });
  }

  function turn(by) {
    offset = Math.max(0, offset + by);
    isAsked = true;
    tick();
  }

  let beats = 0;
  let shownText = "";
  let asked = 0;

  /** Asks at once after a change of its own, and every fourth beat for changes by others. */
  async function tick() {
    beats += 1;
    if (!isAsked && beats % 4 !== 0) return;
    isAsked = false;
    const query = new URLSearchParams({ limit: PAGE, offset, search: search.value.trim() });
    const number = ++asked;
    const answer = await call("GET", `/websites?${query}`);
    if (number !== asked) return; // something newer was asked since
    const text = JSON.stringify(answer);
    if (text === shownText) return;
    shownText = text;
    const focused = document.activeElement?.dataset?.key;
    const websites = Object.entries(answer.websites).map(([key, website]) => ({ id: key, ...website }));
    body.replaceChildren(...websites.map(row));
    if (focused) body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    const last = offset + websites.length;
    figures.textContent = websites.length === 0 ? `None of ${answer.installed} websites`
      : `${offset + 1} to ${last}, ${answer.installed} have the plugin`;
    back.disabled = offset === 0;
    next.disabled = !answer.has_more;
  }

  function row(website) {
    const plans = PLANS.includes(website.plan.name) ? PLANS : [website.plan.name, ...PLANS];
    const change = choice({ "aria-label": `Plan of ${website.name}`, "data-key": `plan ${website.name}`, onchange: () =>
      attempt(call("PATCH", `/websites/${website.id}`, { plan: change.value })) }, plans, website.plan.name);
    // The commands below the table are those of the row that is pointed at or has the focus.
    const chosen = () => {
      planned.tell("plan", website.name, change.value);
      removed.tell("uninstall", website.name);
    };
    return el("tr", { onfocusin: chosen, onpointerenter: chosen, oninput: chosen },
      el("td", {}, el("a", { href: `#/websites/${website.name}`, "data-key": website.name }, website.name)),
      el("td", {}, website.company ?? "", el("small", {}, website.domain ?? website.id)),
      el("td", {}, change),
      el("td", {}, website.configured ? el("span", { class: "tag good" }, "configured") : el("span", { class: "tag" }, "not configured")),
      el("td", { class: "mono" }, website.token),
      el("td", {}, el("button", { type: "button", "data-key": `uninstall ${website.name}`, "aria-label": `Uninstall ${website.name}`,
        onclick: () => attempt(call("DELETE", `/websites/${website.id}`)) }, "Uninstall")));
  }

  return { node, tick, restarted: () => { isAsked = true; } };
}
