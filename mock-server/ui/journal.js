// The journal as a stream, newest first: requests of the plugin, and deliveries of web hooks.

import { call } from "./api.js";
import { shown } from "./ctl.js";
import { effect, el, reconcile, set, span } from "./dom.js";
import { detail } from "./entry.js";

/** How many entries are asked for at once, and how many rows are drawn before more are wanted. */
const PAGE = 300;
const ROWS = 150;

const CHIPS = [
  ["refused", "Refused", (row) => row.kind === "request" ? row.entry.status >= 400 : row.entry.state === "failed"],
  ["fault", "Met a fault", (row) => (row.entry.faults ?? []).length > 0],
  ["unread", "Sent, never read", (row) => row.entry.unread !== undefined],
  ["reads", "List and since", (row) => ["list", "since"].includes(row.entry.operation)],
  ["settings", "Settings", (row) => /settings/.test(row.entry.operation ?? "")],
  ["hooks", "Hooks", (row) => row.kind === "hook"],
  ["sockets", "Sockets", (row) => row.entry.operation === "rtm"],
];

/** The view. */
export function journalView() {
  const rows = new Map();
  const chosen = new Set();
  const list = el("ol", { class: "stream", "aria-label": "Requests, newest first" });
  const search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search the journal", oninput: draw });
  const pause = el("button", { type: "button", "aria-pressed": "false", onclick: () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    pause.textContent = isPaused ? "Go on" : "Pause";
  } }, "Pause");
  const empty = el("p", { class: "empty" }, "Nothing was asked yet. Point your plugin at this server: the World view has the address and the credentials.");
  const more = el("button", { type: "button", class: "more", onclick: () => { drawn += ROWS; older().then(draw); } }, "Show older");
  const figures = el("p", { class: "figures", role: "status" });
  const sockets = el("p", { class: "figures" });
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Filters" }, CHIPS.map(([name, title]) =>
    el("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: (event) => {
      if (!chosen.delete(name)) chosen.add(name);
      event.target.setAttribute("aria-pressed", String(chosen.has(name)));
      drawn = ROWS;
      draw();
    } }, title)));
  const node = el("section", {}, el("h1", { class: "hidden" }, "Journal"),
    el("div", { class: "bar" }, search, chips, el("span", { class: "grow" }), pause,
      el("button", { type: "button", onclick: () => call("DELETE", "/requests").then(clear) }, "Empty")),
    figures, sockets, empty, list, more, shown("requests", "--follow"), shown("requests", "--clear"));

  let isPaused = false;
  let drawn = ROWS;
  let newest = 0;
  let oldest = Infinity;
  let lastHook = 0;

  function clear() {
    rows.clear();
    [newest, oldest, lastHook, drawn] = [0, Infinity, 0, ROWS];
    draw();
  }

  function take(entries) {
    for (const entry of entries) {
      const key = `r${entry.seq}`;
      const row = rows.get(key);
      if (row === undefined) {
        rows.set(key, requestRow(entry));
      } else if (row.entry.duration_ms !== entry.duration_ms || row.entry.explanation !== entry.explanation) {
        row.entry = entry;
        fill(row);
      }
      newest = Math.max(newest, entry.seq);
      oldest = Math.min(oldest, entry.seq);
    }
  }

  async function older() {
    if (oldest > 1 && oldest !== Infinity) {
      const answer = await call("GET", `/requests?before_seq=${oldest}&limit=${PAGE}`);
      take(answer.requests);
      if (answer.requests.length === 0) oldest = 1;
    }
  }

  /** Of requests whose end is not known, the first; otherwise the newest. */
  function known() {
    let from = newest;
    for (let seq = newest; seq > newest - 50 && seq > 0; seq -= 1) {
      if (rows.get(`r${seq}`)?.entry.duration_ms === null) from = seq - 1;
    }
    return from;
  }

  async function tick() {
    if (isPaused) return;
    const answer = await call("GET", `/requests?since_seq=${known()}&limit=${PAGE}`);
    if (answer.last_seq < newest) {
      clear();
      return;
    }
    take(answer.requests);
    await hooks();
    const gone = answer.dropped > 0 ? `, the oldest ${answer.dropped} are gone` : "";
    figures.textContent = answer.total === 0 ? "" : `${answer.total} requests${gone}`;
    const { sockets: open, live } = await call("GET", "/rtm");
    sockets.textContent = open.length === 0 ? "" : `${open.length} sockets are open, ${live} authenticated`;
    draw();
  }

  async function hooks() {
    const { deliveries } = await call("GET", `/hooks/deliveries?since_id=${lastHook}`);
    for (const delivery of deliveries) {
      const key = `h${delivery.id}`;
      const row = rows.get(key);
      if (row === undefined) {
        rows.set(key, hookRow(delivery));
      } else if (JSON.stringify(row.entry) !== JSON.stringify(delivery)) {
        row.entry = delivery;
        fill(row);
      }
    }
    const open = deliveries.find(({ state }) => !["delivered", "failed", "dropped"].includes(state));
    lastHook = open ? open.id - 1 : Math.max(lastHook, ...deliveries.map(({ id }) => id));
  }

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const filters = CHIPS.filter(([name]) => chosen.has(name));
    const all = [...rows.values()].sort((a, b) => b.at - a.at || b.order - a.order);
    const matching = all.filter((row) =>
      (filters.length === 0 || filters.some(([, , lets]) => lets(row))) && (wanted === "" || row.text.includes(wanted)));
    reconcile(list, matching.slice(0, drawn).map((row) => row.node));
    const hasOlder = oldest > 1 && oldest !== Infinity;
    more.hidden = matching.length <= drawn && !hasOlder;
    empty.hidden = rows.size > 0;
    if (matching.length < 30 && hasOlder && (wanted || filters.length > 0) && !isLooking) {
      // A filter that finds little looks further back, a page at a time.
      isLooking = true;
      older().then(() => { isLooking = false; draw(); }, () => { isLooking = false; });
    }
  }
  let isLooking = false;

  return { node, tick, restarted: clear };
}

function requestRow(entry) {
  return newRow({ kind: "request", entry, at: entry.elapsed_ms, order: entry.seq });
}

function hookRow(delivery) {
  const at = delivery.attempts[0]?.elapsed_ms ?? delivery.due_ms ?? 0;
  return newRow({ kind: "hook", entry: delivery, at, order: delivery.id });
}

function newRow(row) {
  row.head = el("button", { type: "button", class: "row", "aria-expanded": "false", onclick: () => toggle(row) });
  row.node = el("li", {}, row.head);
  fill(row);
  return row;
}

function toggle(row) {
  const isOpen = row.head.getAttribute("aria-expanded") === "true";
  row.head.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) {
    row.node.lastChild.remove();
  } else {
    row.node.append(detail(row));
  }
}

function fill(row) {
  const cells = row.kind === "hook" ? hookCells(row.entry) : requestCells(row.entry);
  row.head.replaceChildren(...cells);
  set(row.head, { "data-tone": tone(row) });
  row.text = cells.map((cell) => cell.textContent).join(" ").toLowerCase()
    + ` ${row.entry.path ?? ""} ${row.entry.explanation ?? ""} ${row.entry.website ?? ""}`.toLowerCase();
}

function tone(row) {
  if (row.kind === "hook") return { delivered: "good", failed: "bad" }[row.entry.state] ?? "odd";
  if (row.entry.status === null || row.entry.status >= 400 || row.entry.outcome !== "answer") return "bad";
  return row.entry.faults ? "odd" : "good";
}

function cell(kind, text, title) {
  return el("span", { class: kind, title }, text);
}

function requestCells(entry) {
  const what = entry.website_name ?? entry.website ?? page(entry) ?? "";
  const faults = (entry.faults ?? []).map(effect).join(", ");
  const status = entry.status === null ? entry.outcome : String(entry.status);
  return [
    cell("time", entry.time.slice(11, 23)),
    cell("operation", `${entry.operation}#${entry.occurrence}`),
    cell("what", what, entry.path),
    cell("status", entry.outcome === "answer" ? status : entry.outcome),
    cell("faults", faults || (entry.explanation ? "why?" : "")),
    cell("took", span(entry.duration_ms)),
    cell("who", entry.agent ?? ""),
  ];
}

/** The page of a list, or from when a differential asks. */
function page(entry) {
  const found = /\/websites\/all\/(\d+)|\/list\/(\d+)/.exec(entry.path);
  if (found) return `page ${found[1] ?? found[2]}`;
  const since = new URLSearchParams(entry.query ?? "").get("date_since");
  return since ? `from ${since.slice(11, 23) || since}` : entry.query || null;
}

function hookCells(delivery) {
  const last = delivery.attempts.at(-1);
  const attempts = delivery.attempts.length;
  return [
    cell("time", new Date(Number(delivery.timestamp)).toISOString().slice(11, 23)),
    cell("operation", `hook#${delivery.id}`),
    cell("what", `${delivery.website} ${delivery.event}`, delivery.event),
    cell("status", last?.status ? String(last.status) : delivery.state),
    cell("faults", (delivery.faults ?? []).map(effect).join(", ")
      || (attempts > 1 ? `${attempts} attempts` : "")),
    cell("took", last ? span(last.took_ms) : ""),
    cell("who", delivery.hook.url ?? String(delivery.hook)),
  ];
}
