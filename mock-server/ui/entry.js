// A row of the journal, opened: what was asked and answered, why, and how to do it again.

import { call, parse, write } from "./api.js";
import { quoted, shown } from "./ctl.js";
import { copyable, el, span } from "./dom.js";

/** What is below an opened row; it fills itself. */
export function detail(row) {
  const node = el("div", { class: "detail" }, el("p", {}, "…"));
  const filled = row.kind === "hook" ? Promise.resolve(ofHook(row.entry)) : ofRequest(row.entry);
  filled.then((parts) => node.replaceChildren(...parts), (problem) => node.replaceChildren(el("p", {}, problem.message)));
  return node;
}

function part(title, ...content) {
  return el("div", { class: "part" }, el("h2", {}, title), ...content);
}

async function ofRequest(known) {
  const { entry, exchange } = await call("GET", `/requests/${known.seq}`);
  const query = entry.query ? `?${entry.query}` : "";
  const parts = [];
  if (entry.explanation) parts.push(part("Why", el("p", {}, entry.explanation)));
  if (entry.faults) parts.push(part("Faults that met it", entry.faults.map((fired) => el("pre", {}, write(fired.fault ?? fired)))));
  if (entry.unread) {
    const unread = Object.entries(entry.unread).filter(([, names]) => names?.length > 0);
    parts.push(part("Sent, never read", unread.map(([where, names]) => el("p", {}, `${where}: ${names.join(", ")}`))));
  }
  parts.push(part("Request", el("pre", {}, `${entry.method} ${entry.path}${query}`), message(exchange?.request)));
  const ended = entry.duration_ms === null ? "under way" : `after ${span(entry.duration_ms)}`;
  const left = entry.client_left ? ", the client had left" : "";
  parts.push(part(`Answer: ${entry.status ?? "none"} · ${entry.outcome} · ${ended}${left}`,
    exchange ? message(exchange.answer) : el("p", {}, "Headers and bodies are kept of the newest 200 requests.")));
  const sid = entry.operation === "rtm" && /socket (\S+) is open/.exec(entry.explanation ?? "")?.[1];
  if (sid) parts.push(await socket(sid));
  const at = `${entry.operation}#${entry.occurrence}`;
  parts.push(part("Copy as",
    copyable(curl(entry, exchange), "Copy as curl"),
    copyable(`- { at: "${at}", status: 503 }`, "Copy as fault"),
    copyable(`- { during: "${at}", save: { ${entry.website_name ?? "w1"}: { message: new } } }`, "Copy as scenario step"),
    shown("fault", at, "status=503")));
  return parts;
}

/** A socket as it is now, while it is open. */
async function socket(sid) {
  const { sockets } = await call("GET", "/rtm");
  const open = sockets.find((one) => one.sid === sid);
  if (!open) return part("Socket", el("p", {}, "It is closed."));
  return part("Socket", el("pre", {}, write(open, 2)),
    el("button", { type: "button", onclick: () => call("DELETE", `/rtm/${encodeURIComponent(sid)}`) }, "End this socket"), shown("kick", sid));
}

function message(half) {
  if (!half) return el("p", {}, "Nothing.");
  const headers = half.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const cut = half.bytes > new TextEncoder().encode(half.body).length ? ` (the beginning of ${half.bytes} bytes)` : "";
  return [
    el("details", {}, el("summary", {}, `${half.headers.length} headers`), el("pre", {}, headers)),
    half.bytes > 0 && el("pre", { class: "body", tabindex: "0" }, tidy(half.body) + cut),
  ];
}

function tidy(text) {
  try {
    return write(parse(text), 2);
  } catch {
    return text;
  }
}

/** Headers that curl sends by itself. */
const OWN = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding"];

function curl(entry, exchange) {
  const query = entry.query ? `?${entry.query}` : "";
  const words = ["curl"];
  if (entry.method !== "GET") words.push("-X", entry.method);
  for (const [name, value] of exchange?.request.headers ?? []) {
    if (!OWN.includes(name)) words.push("-H", `${name}: ${value}`);
  }
  if (exchange?.request.bytes > 0) words.push("-d", exchange.request.body);
  words.push(`${location.origin}${entry.path}${query}`);
  return words.map(quoted).join(" ");
}

function ofHook(delivery) {
  const attempts = delivery.attempts.map((attempt) => el("li", {},
    `${span(attempt.elapsed_ms)}: ${attempt.outcome}${attempt.status ? ` ${attempt.status}` : ""}`
      + `${attempt.took_ms ? ` after ${span(attempt.took_ms)}` : ""}${attempt.error ? `, ${attempt.error}` : ""}`,
    attempt.answer && el("pre", {}, String(attempt.answer))));
  return [
    part(`Delivery ${delivery.id}: ${delivery.state}`, el("p", {}, delivery.hook.url ?? String(delivery.hook)),
      el("ol", {}, attempts)),
    part("Body", el("pre", { class: "body", tabindex: "0" }, tidy(delivery.body ?? `${delivery.bytes} bytes`)),
      el("p", {}, `timestamp ${delivery.timestamp} · signature ${delivery.signature}`)),
    part("Do it again",
      el("button", { type: "button", onclick: () => call("POST", `/hooks/deliveries/${delivery.id}/redeliver`) }, "Deliver once more"),
      shown("redeliver", String(delivery.id)),
      copyable(`- { at: "hook#${delivery.id}", drop: true }`, "Copy as fault")),
  ];
}
