// Lanes in the page: the emulator's own journal, or a report of a failed run that is opened from a file.

import { call, parse } from "./api.js";
import { el } from "./dom.js";
import { lanes } from "./lanes.js";
import { drawReport } from "./report.js";

/** The largest report that is read. */
const MOST_BYTES = 50_000_000;

/** The view. */
export function lanesView() {
  const place = el("div");
  const problem = el("p", { class: "problem", role: "alert" });
  const file = el("input", { type: "file", accept: ".html,text/html", "aria-label": "Open a report", onchange: () => take(file.files[0]) });
  const node = el("section", { ondragover: (event) => event.preventDefault(), ondrop: (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  } }, el("h1", {}, "Lanes"),
  el("p", {}, "What this emulator saw. A file of ", el("code", {}, "crisp-mock replay --report html=FILE"), " opens here, too."),
  el("div", { class: "bar" }, el("button", { type: "button", class: "primary", onclick: own }, "Show the journal now"), file), problem, place);

  async function take(chosen) {
    problem.textContent = "";
    if (!chosen) return;
    try {
      if (chosen.size > MOST_BYTES) throw new Error("it is larger than 50 MB");
      // The file is read as a document that runs nothing; what is drawn is its data, by this page.
      const opened = new DOMParser().parseFromString(await chosen.text(), "text/html");
      const data = opened.getElementById("report");
      if (!data) throw new Error("it has no report in it");
      place.replaceChildren(drawReport(parse(data.textContent)));
    } catch (refused) {
      problem.textContent = `${chosen.name} cannot be shown: ${refused.message}. Write one with crisp-mock replay --report html=FILE.`;
    }
  }

  async function own() {
    problem.textContent = "";
    const [{ requests }, { events }, { deliveries }, clock] = await Promise.all([
      call("GET", "/requests?limit=2000"), call("GET", "/events"), call("GET", "/hooks/deliveries"), call("GET", "/clock")]);
    const start = Date.parse(clock.now) - clock.elapsed_ms;
    const rows = [
      ...events.map((event) => ({ at: Math.max(0, (event.at ?? event.timestamp ?? start) - start), cells: [`${event.event} ${event.website ?? ""}`, "", ""], tone: "good" })),
      ...requests.map((entry) => ({
        at: entry.elapsed_ms,
        end: entry.elapsed_ms + (entry.duration_ms ?? 0),
        cells: ["", `${entry.operation}#${entry.occurrence}: ${entry.status ?? entry.outcome}${entry.website_name ? ` ${entry.website_name}` : ""}`, ""],
        tone: entry.faults || entry.outcome !== "answer" || entry.status >= 400 ? "bad" : "plain",
      })),
      ...deliveries.flatMap((one) => one.attempts.map((attempt) => ({
        at: attempt.elapsed_ms,
        cells: ["", "", `hook#${one.id} ${one.event}: ${attempt.status ?? attempt.outcome}`],
        tone: one.state === "failed" ? "bad" : "plain",
      }))),
    ].sort((a, b) => a.at - b.at);
    place.replaceChildren(rows.length > 0 ? lanes(["Crisp", "Wire", "Hooks"], rows)
      : el("p", { class: "empty" }, "Nothing has happened yet."));
  }

  own();
  return { node };
}
