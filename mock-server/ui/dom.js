// Elements are made here, and text goes into them as text: no other module touches markup.

/** An element with attributes, listeners (`onclick`) and children; null, undefined and false are left out. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  set(node, attributes);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets attributes, properties and listeners of an element. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (["value", "checked", "disabled", "hidden", "selected", "indeterminate"].includes(name)) {
      node[name] = value;
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  return node;
}

/** An SVG element. */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else {
      node.setAttribute(name, value);
    }
  }
  node.append(...children);
  return node;
}

/** Makes the children of a list the given ones and leaves alone those that stay: focus survives. */
export function reconcile(list, wanted) {
  const keep = new Set(wanted);
  for (const child of [...list.children]) {
    if (!keep.has(child)) {
      child.remove();
    }
  }
  wanted.forEach((node, index) => {
    const there = list.children[index];
    if (there !== node) {
      list.insertBefore(node, there ?? null);
    }
  });
}

/** A select with options; each is a value, or a value with what it is called. */
export function choice(attributes, options, chosen) {
  return el("select", attributes, options.map((option) => {
    const [value, name] = Array.isArray(option) ? option : [option, option];
    return el("option", { value, selected: value === chosen }, name);
  }));
}

let ids = 0;

/** An id that no other element has. */
export function newId() {
  ids += 1;
  return `id${ids}`;
}

/** A field with its label. */
export function labelled(label, field, hint) {
  field.id ||= newId();
  return el("div", { class: "field" }, el("label", { for: field.id }, label), field, hint && el("small", {}, hint));
}

/** A text with a button that copies it. */
export function copyable(text, label = "Copy") {
  const code = el("code", {}, text);
  const button = el("button", { type: "button", class: "copy", onclick: async () => {
    button.textContent = (await copied(code.textContent, code)) ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = label; }, 1500);
  } }, label);
  return el("div", { class: "copyable" }, code, button);
}

async function copied(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return false;
  }
}

/** Milliseconds as people write them. */
export function span(ms) {
  if (ms === null || ms === undefined) return "…";
  if (ms === 0) return "0 s";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${trim(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${trim(s % 60)}s`;
  return `${Math.floor(s / 3600)}h${Math.floor((s % 3600) / 60)}m`;
}

/** What a fault does, without where it does it. */
export function effect(fired) {
  const { at, window, chance, seed, times, website, ...rest } = fired.fault ?? fired;
  return Object.entries(rest).map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(", ");
}

function trim(number) {
  return String(Math.round(number * 100) / 100);
}
