// The world as a whole: addresses, clock, quota, quirks, spaces.

import { call, chooseSpace, server, space } from "./api.js";
import { live, shown } from "./ctl.js";
import { choice, copyable, el, labelled, span } from "./dom.js";

/** The view. */
export function worldView() {
  const parts = [addresses(), clock(), quota(), quirks(), spaces()];
  return {
    node: el("section", {}, el("h1", { class: "hidden" }, "World"), parts.map((part) => part.node)),
    tick: () => Promise.all(parts.map((part) => part.tick?.())),
  };
}

/** A place that says how a call went. */
function teller() {
  const node = el("p", { class: "problem", role: "alert" });
  const attempt = (promise) => {
    node.textContent = "";
    return promise.catch((refused) => { node.textContent = `${refused.message}. ${refused.hint}`; });
  };
  return { node, attempt };
}

function addresses() {
  const list = el("dl", { class: "secrets" });
  let known = "";
  return {
    node: el("div", { class: "card" }, el("h2", {}, "For your plugin"), list, shown("info")),
    async tick() {
      const info = await call("GET", "/info");
      const text = JSON.stringify(info);
      if (text === known) return;
      known = text;
      const rows = [["CRISP_REST_HOST", info.url], ["CRISP_IDENTIFIER", info.identifier], ["CRISP_KEY", info.key],
        ["CRISP_PLUGIN_ID", info.plugin_id], ["CRISP_HOOK_SECRET", info.hook_secret]];
      list.replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, copyable(value)))));
    },
  };
}

function clock() {
  const { node: problem, attempt } = teller();
  const now = el("p", { class: "big" });
  const said = el("p", { role: "status" });
  const commands = [live(), live(), live()];
  const tell = () => [["advance", by.value], ["skew", by.value], ["set", date.value || date.placeholder]]
    .forEach((words, index) => commands[index].tell("clock", ...words));
  const by = el("input", { value: "20s", size: 6, oninput: tell });
  const date = el("input", { placeholder: "2026-01-31T09:00:00Z", size: 22, oninput: tell });
  tell();
  const step = (body) => attempt(call("POST", "/clock", body).then(show));
  const advance = (text) => el("button", { type: "button", onclick: () => step({ advance: text }) }, `+${text}`);

  function show(answer) {
    now.textContent = answer.now;
    said.textContent = answer.mode === "manual"
      ? `Time stands still until it is moved. ${span(answer.elapsed_ms)} have passed since the start.`
      : `Time passes as on this machine. ${span(answer.elapsed_ms)} since the start.`;
  }

  return {
    node: el("div", { class: "card" }, el("h2", {}, "Clock"), now, said,
      el("div", { class: "bar" }, ["1s", "20s", "10m", "1h", "1d"].map(advance)),
      el("div", { class: "bar" }, labelled("By", by),
        el("button", { type: "button", onclick: () => step({ advance: by.value }) }, "Advance"),
        el("button", { type: "button", onclick: () => step({ skew: by.value }) }, "Skew the wall clock")),
      el("div", { class: "bar" }, labelled("To", date), el("button", { type: "button", onclick: () => step({ set: date.value }) }, "Set the wall clock")),
      problem, commands.map((command) => command.node)),
    tick: async () => show(await call("GET", "/clock")),
  };
}

function quota() {
  const { node: problem, attempt } = teller();
  const said = el("p", { role: "status" });
  const command = live("quota", "off");
  const tell = () => command.tell("quota", limit.value.trim() || "off", ...(used.value.trim() ? ["--used", used.value.trim()] : []));
  const limit = el("input", { size: 8, placeholder: "none", inputmode: "numeric", oninput: tell });
  const used = el("input", { size: 8, placeholder: "as it is", inputmode: "numeric", oninput: tell });
  const whole = (text) => Number.parseInt(text, 10);
  return {
    node: el("div", { class: "card" }, el("h2", {}, "Quota"), said,
      el("div", { class: "bar" }, labelled("Requests a day", limit), labelled("Used", used),
        el("button", { type: "button", onclick: () => {
          const body = { limit: limit.value.trim() === "" ? null : whole(limit.value) };
          if (used.value.trim() !== "") body.used = whole(used.value);
          attempt(call("PUT", "/quota", body));
        } }, "Set")), problem, command.node),
    async tick() {
      const [now, journal, time] = await Promise.all([call("GET", "/quota"), call("GET", "/requests?limit=0"), call("GET", "/clock")]);
      const bound = now.limit === null ? "no limit" : `${now.limit} a day, until ${now.resets_at}`;
      const day = time.elapsed_ms > 0 ? Math.round(journal.total * 86_400_000 / time.elapsed_ms) : 0;
      const over = now.limit !== null && day > now.limit ? ": more than the quota" : "";
      said.textContent = `${now.used} used, ${bound}. ${journal.total} requests in ${span(time.elapsed_ms)} are ${day} a day${over}.`;
    },
  };
}

function quirks() {
  const { node: problem, attempt } = teller();
  const search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search quirks", oninput: draw });
  const list = el("ul", { class: "quirks" });
  const command = live("quirks", "since-boundary=exclusive");
  let rows = [];
  let isAsked = true;

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const found = rows.filter((quirk) => `${quirk.name} ${quirk.question} ${quirk.why}`.toLowerCase().includes(wanted));
    list.replaceChildren(...found.map((quirk) => {
      const values = [...new Set([quirk.default, ...quirk.alternatives, quirk.value])];
      const value = choice({ "aria-label": quirk.name, onchange: () =>
        attempt(call("PUT", "/quirks", { [quirk.name]: value.value }).then(load)) }, values, quirk.value);
      const chosen = () => command.tell("quirks", `${quirk.name}=${value.value}`);
      return el("li", { class: quirk.value === quirk.default ? null : "changed", onfocusin: chosen, oninput: chosen }, el("code", {}, quirk.name), value,
        el("p", {}, quirk.question), el("small", {}, `${quirk.why} (${quirk.evidence}) Default: ${quirk.default}`));
    }));
  }

  async function load() {
    rows = (await call("GET", "/quirks/table")).quirks;
    draw();
  }

  return {
    node: el("details", { class: "card" }, el("summary", {}, el("h2", {}, "Quirks: what Crisp leaves undocumented")),
      el("div", { class: "bar" }, search), problem, command.node, list),
    async tick() {
      if (isAsked) {
        isAsked = false;
        await load();
      }
    },
  };
}

function spaces() {
  const { node: problem, attempt } = teller();
  const list = el("ul");
  const command = live("space", "create");
  const name = el("input", { size: 14, placeholder: "a name", autocomplete: "off", oninput: () =>
    command.tell("space", "create", ...(name.value.trim() ? [`name=${name.value.trim()}`] : [])) });
  let known = "";
  const look = (one) => {
    chooseSpace(one);
    location.reload();
  };
  return {
    node: el("div", { class: "card" }, el("h2", {}, "Spaces"), el("p", {}, "Isolated worlds in this server, each with credentials of its own."), list,
      el("div", { class: "bar" }, labelled("Name", name), el("button", { type: "button", onclick: () =>
        attempt(server("POST", "/spaces", name.value.trim() ? { name: name.value.trim() } : {})) }, "Make a space")),
      problem, command.node,
      el("h2", {}, "Start again"), el("p", {}, "Websites, journal, faults and clock as they were at the start."),
      el("button", { type: "button", onclick: () => { if (confirm("Start this world again?")) attempt(call("POST", "/reset")); } }, "Reset this world"), shown("reset")),
    async tick() {
      const { spaces: names } = await server("GET", "/spaces");
      if (names.join() === known) return;
      known = names.join();
      list.replaceChildren(...names.map((one) => el("li", {}, one === space() ? el("strong", {}, `${one} (looked at)`)
        : el("button", { type: "button", onclick: () => look(one) }, `Look at ${one}`), " ",
      one !== "default" && el("button", { type: "button", "aria-label": `Remove ${one}`, onclick: () =>
        attempt(server("DELETE", `/spaces/${encodeURIComponent(one)}`)) }, "Remove"),
      one !== "default" && shown("space", "remove", one))));
    },
  };
}
