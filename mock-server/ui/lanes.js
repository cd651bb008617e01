// What happened, in lanes over time: a strip that can be zoomed, and the rows that it shows.
//
// A row is { at, cells, tone, end }: milliseconds, a text for each lane, how it is coloured, and when what
// began there ended.

import { el, newId, span, svg } from "./dom.js";

/** So many rows stand below the strip; zooming in shows the others. */
const MOST_ROWS = 250;

const LANE = 34;

/** The lanes of these names with these rows, oldest first; `flags` are { at, text }, moments to look at. */
export function lanes(names, rows, flags = []) {
  const times = rows.flatMap((row) => [row.at, row.end ?? row.at]).concat(flags.map((flag) => flag.at));
  const first = Math.min(...times);
  const last = Math.max(...times, first + 1);
  const margin = (last - first) / 40;
  const whole = [first - margin, last + margin];
  let [from, to] = whole;
  let chosen = null;

  const height = names.length * LANE + 32;
  const strip = svg("svg", { class: "strip", width: "100%", height, role: "application", tabindex: 0,
    "aria-label": "Timeline: plus and minus zoom, left and right move", onkeydown: keys, onwheel: wheel, onpointerdown: drag });
  const range = el("span", { class: "figures", role: "status" });
  const body = el("tbody");
  const more = el("p", { class: "figures" });
  const button = (name, label, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, name);
  const node = el("div", { class: "lanes" },
    el("div", { class: "bar" }, button("+", "Zoom in", () => zoom(0.5)), button("−", "Zoom out", () => zoom(2)),
      button("←", "Earlier", () => move(-0.25)), button("→", "Later", () => move(0.25)),
      button("All", "All of it", () => show(...whole)), range),
    strip,
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rows of the timeline" },
      el("table", { class: "story" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Time"),
        names.map((name) => el("th", { scope: "col" }, name)))), body)), more);

  const x = (at) => `${((at - from) / (to - from)) * 100}%`;

  function show(start, end) {
    const length = Math.min(Math.max(end - start, 1), whole[1] - whole[0]);
    from = Math.min(Math.max(start, whole[0]), whole[1] - length);
    to = from + length;
    draw();
  }

  function zoom(factor, around = (from + to) / 2) {
    show(around - (around - from) * factor, around + (to - around) * factor);
  }

  function move(part) {
    show(from + (to - from) * part, to + (to - from) * part);
  }

  function keys(event) {
    const act = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), 0: () => show(...whole) }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  function wheel(event) {
    // Without a key the wheel scrolls the page, as everywhere.
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const box = strip.getBoundingClientRect();
    zoom((event.deltaY || event.deltaX) > 0 ? 1.3 : 0.77, from + ((event.clientX - box.left) / box.width) * (to - from));
  }

  function drag(event) {
    const width = strip.getBoundingClientRect().width;
    const [start, atFrom, atTo] = [event.clientX, from, to];
    const going = (moved) => {
      const by = ((start - moved.clientX) / width) * (atTo - atFrom);
      show(atFrom + by, atTo + by);
    };
    addEventListener("pointermove", going);
    addEventListener("pointerup", () => removeEventListener("pointermove", going), { once: true });
  }

  function draw() {
    const seen = rows.filter((row) => (row.end ?? row.at) >= from && row.at <= to);
    range.textContent = `${span(Math.max(from, 0))} to ${span(to)}, ${seen.length} of ${rows.length} moments`;
    const parts = [];
    names.forEach((name, lane) => {
      const y = lane * LANE + LANE / 2 + 8;
      parts.push(svg("line", { class: "lane", x1: 0, x2: "100%", y1: y, y2: y }), svg("text", { class: "name", x: 4, y: y - 8 }, name));
      let labelled = -Infinity;
      let dotted = -Infinity;
      for (const row of seen) {
        if (!row.cells[lane]) continue;
        const part = ((row.at - from) / (to - from)) * 100;
        const tone = row.tone ?? "plain";
        if (row.end > row.at) {
          parts.push(svg("rect", { class: `bar-${tone}`, x: x(row.at), y: y - 4, width: `${Math.max(((row.end - row.at) / (to - from)) * 100, 0.1)}%`, height: 8, rx: 3 }));
        }
        // Thousands of dots in one place are drawn as one.
        if (part - dotted > 0.15) {
          parts.push(svg("circle", { class: `dot-${tone}${row === chosen ? " chosen" : ""}`, cx: x(row.at), cy: y, r: row === chosen ? 7 : 4, onclick: () => choose(row) }, svg("title", {}, row.cells[lane])));
          dotted = part;
        }
        if (part - labelled > 14 && part > 4) {
          parts.push(svg("text", { class: "label", x: x(row.at), y: y + 15 }, row.cells[lane].slice(0, 24)));
          labelled = part;
        }
      }
    });
    flags.forEach((flag, index) => {
      parts.push(svg("line", { class: "flag", x1: x(flag.at), x2: x(flag.at), y1: 0, y2: height - 16 }), svg("text", { class: "flag", x: x(flag.at), y: height - 4, "text-anchor": "middle" }, flag.text ?? String(index + 1)));
    });
    strip.replaceChildren(...parts);
    body.replaceChildren(...seen.slice(0, MOST_ROWS).map((row) => {
      row.id ||= newId();
      return el("tr", { id: row.id, "data-tone": row.tone ?? null, class: row === chosen ? "chosen" : null },
        el("td", { class: "mono" }, span(row.at)), row.cells.map((text) => el("td", {}, text)));
    }));
    more.textContent = seen.length > MOST_ROWS ? `${seen.length - MOST_ROWS} more: zoom in to see them` : "";
  }

  function choose(row) {
    chosen = row;
    draw();
    document.getElementById(row.id)?.scrollIntoView({ block: "nearest" });
  }

  draw();
  return node;
}
