// A run that was judged: what failed, the two facts that contradict each other, the lanes, YAML and log.

import { copyable, el } from "./dom.js";
import { lanes } from "./lanes.js";

/** The report of a run, as `--report html=FILE` embeds it. */
export function drawReport(report) {
  const failed = report.scenarios;
  const choose = el("nav", { "aria-label": "Failures", class: "failures" }, failed.map((one, index) =>
    el("button", { type: "button", onclick: () => open(index) }, el("strong", {}, one.failure.word), " ", one.name)));
  const place = el("div");
  const open = (index) => {
    place.replaceChildren(failure(failed[index]));
    [...choose.children].forEach((button, at) => button.setAttribute("aria-pressed", String(at === index)));
  };
  if (failed.length > 0) open(0);
  return el("div", { class: "report" }, el("h1", {}, report.judged),
    el("p", { class: report.failed > 0 ? "problem" : "good" }, `${report.passed} passed, ${report.failed} failed, ${report.not_judged} not judged`),
    report.left_out > 0 && el("p", { class: "figures" }, `${report.left_out} more failures are not in this file.`),
    failed.length > 1 && choose, place);
}

function failure(scenario) {
  const { failure } = scenario;
  const rows = (scenario.lanes?.length ? scenario.lanes : failure.timeline).map((line) => ({
    at: line.at_ms,
    cells: [line.crisp, line.wire, line.cache],
    tone: /fault:|given up|no answer|cannot be read/.test(line.wire) ? "bad" : line.crisp ? "good" : "plain",
  }));
  const flags = failure.story.flatMap((text, index) => {
    const at = firstTime(text);
    return at === null ? [] : [{ at, text: String(index + 1) }];
  });
  return el("article", {},
    el("h2", {}, `${failure.word} · ${scenario.name}`),
    el("p", { class: "figures" }, `${scenario.file} (${failure.demand}${failure.number ? `, O${failure.number}` : ""})`),
    el("div", { class: "facts-two" },
      failure.story.map((fact, index) => el("div", {}, el("span", { class: "fact-number", "aria-hidden": "true" }, String(index + 1)), el("p", {}, fact)))),
    failure.expected && el("dl", {}, el("div", {}, el("dt", {}, `${failure.website ?? ""} expected`), el("dd", {}, failure.expected)),
      el("div", {}, el("dt", {}, "got"), el("dd", {}, failure.got ?? ""))),
    lanes(["Crisp", "Wire", "Your cache"], rows, flags),
    failure.hazard && el("p", {}, `Looks like ${failure.hazard.what} (${failure.hazard.number}). ${failure.hazard.instead}`),
    failure.fair !== undefined && el("p", {}, failure.fair ? "crisp-sync passes this file." : "crisp-sync fails this file, too: the failure is no conviction."),
    el("h3", {}, "Again"), copyable(failure.replay),
    scenario.yaml && [el("h3", {}, "The scenario"), copyable(scenario.yaml)],
    scenario.log?.length > 0 && [el("h3", {}, "What the client wrote"), el("pre", { class: "body", tabindex: "0" }, scenario.log.join("\n"))]);
}

/** The first time that a sentence names, in milliseconds: 22.52 s, 2m50s, 1h3m. */
function firstTime(text) {
  const found = /(?:(\d+)h)?(?:(\d+)m)?(\d+(?:\.\d+)?) ?s\b/.exec(text);
  if (!found) return null;
  const [, hours, minutes, seconds] = found;
  return (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1000;
}
