// A form made from a settings schema. Whether settings fit is the server's word; the form says what it
// can write, and leaves alone what the schema does not name.
//
// A part of the form is { node, read(), pointer, children, mark(text) }: read() gives the value, or
// undefined for a member that is not set.

import { isRaw, parse, write } from "./api.js";
import { choice, el, newId, set } from "./dom.js";

/** How deep objects are forms of their own; deeper ones are JSON. */
const DEEPEST = 3;

/** What a form cannot say: these members are edited as JSON. */
const BEYOND = ["oneOf", "anyOf", "allOf", "not", "if", "patternProperties", "dependencies", "propertyNames", "additionalItems"];

/** The form of settings: { node, read(), show(problems), focusFirst() }. */
export function formOf(schema, settings, onedit) {
  const root = part({ root: schema, schema, value: settings, pointer: "", name: "Settings", required: true, depth: 0 });
  const summary = el("div", { class: "summary", role: "alert", tabindex: "-1" });
  const node = el("div", { class: "form", oninput: onedit }, summary, root.node);
  const all = (one) => [one, ...(one.children?.() ?? []).flatMap(all)];

  function show(problems) {
    all(root).forEach((one) => one.mark(""));
    summary.replaceChildren();
    if (problems.length === 0) return;
    summary.append(el("p", {}, problems.length === 1 ? "Not saved: one thing does not fit." : `Not saved: ${problems.length} things do not fit.`),
      el("ul", {}, problems.map((problem) => {
        const at = place(all(root), problem);
        at.mark(problem.message);
        return el("li", {}, el("button", { type: "button", class: "link", onclick: () => at.focus() }, problem.message));
      })));
    summary.focus();
  }
  return { node, read: () => root.read(), show };
}

/** The part that a problem is about: the deepest that its pointer leads to, or the member that is missing there. */
function place(parts, { pointer, message }) {
  const above = parts.filter((one) => pointer === one.pointer || pointer.startsWith(`${one.pointer}/`));
  const deepest = above.reduce((best, one) => (one.pointer.length >= best.pointer.length ? one : best));
  const children = deepest.children?.() ?? [];
  return children.find((child) => child.member && new RegExp(`[\`'"]${escaped(child.member)}[\`'"]`).test(message)) ?? deepest;
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A problem that the form itself finds: what is written cannot be a value. */
export class Unreadable extends Error {
  constructor(pointer, message) {
    super(message);
    this.problems = [{ pointer, message }];
  }
}

function pointed(pointer, key) {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** A schema behind its references, and whether null is allowed beside what it says. */
function resolved(root, schema) {
  let nullable = false;
  for (let steps = 0; steps < 20 && schema && typeof schema === "object"; steps += 1) {
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (typeof schema.$ref === "string" && schema.$ref.startsWith("#")) {
      const target = schema.$ref.slice(1).split("/").filter(Boolean)
        .reduce((at, key) => at?.[decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")], root);
      schema = target && { title: schema.title, description: schema.description, ...target };
    } else if (alternatives?.length === 2 && alternatives.some((one) => one?.type === "null")) {
      const { anyOf, oneOf, ...rest } = schema;
      nullable = true;
      schema = { ...rest, ...alternatives.find((one) => one?.type !== "null") };
    } else if (Array.isArray(schema.type) && schema.type.includes("null")) {
      nullable = true;
      const types = schema.type.filter((type) => type !== "null");
      schema = { ...schema, type: types.length === 1 ? types[0] : types };
    } else {
      break;
    }
  }
  return { schema: schema && typeof schema === "object" ? schema : {}, nullable };
}

/** Which kind of field writes the values of a schema; `json` where none can. */
function kindOf(schema, value, depth) {
  if (BEYOND.some((word) => schema[word] !== undefined)) return "json";
  const is = (type) => value === undefined || value === null || type(value);
  if ("const" in schema) return is((one) => same(one, schema.const)) ? "const" : "json";
  if (Array.isArray(schema.enum)) return is((one) => schema.enum.some((known) => same(known, one))) ? "enum" : "json";
  const type = schema.type ?? (schema.properties ? "object" : schema.items ? "array" : undefined);
  switch (type) {
    case "string": return is((one) => typeof one === "string") ? "string" : "json";
    case "integer":
    case "number": return is((one) => typeof one === "number" || isRaw(one)) ? "number" : "json";
    case "boolean": return is((one) => typeof one === "boolean") ? "boolean" : "json";
    case "object": return schema.properties && depth < DEEPEST && is(isObject) ? "object" : "json";
    case "array": return isObject(schema.items) && depth < DEEPEST && is(Array.isArray) ? "array" : "json";
    default: return "json";
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRaw(value);
}

function same(a, b) {
  return write(a) === write(b);
}

/** A member, with whether it is set, null or a value. */
function part(about) {
  const { schema, nullable } = resolved(about.root, about.schema);
  const kind = kindOf(schema, about.value, about.depth);
  const isNull = about.value === null && kind !== "json" && !(schema.enum ?? []).includes(null);
  const inner = FIELDS[kind]({ ...about, schema, value: isNull ? undefined : about.value });
  // A required member that is missing stays so until it is set: the server says what is wrong with that.
  const isMissing = about.value === undefined && about.pointer !== "" && !about.isItem;
  const states = [["value", "set"], ...(nullable && kind !== "json" ? [["null", "null"]] : []),
    ...(about.required && !isMissing ? [] : [["absent", "not set"]])];
  const title = schema.title ?? about.name;
  const labelId = newId();
  const problem = el("p", { class: "problem", id: newId() });
  const hintText = [schema.description, bounds(schema), schema.default !== undefined && `Default: ${write(schema.default)}`]
    .filter(Boolean).join(" · ");
  const hint = hintText ? el("small", { id: newId() }, hintText) : null;
  const now = isNull ? "null" : isMissing ? "absent" : "value";
  const state = choice({ class: "state", "aria-label": `${title}: set or not` }, states, now);
  state.hidden = states.length < 2;

  const follow = () => inner.enable(state.value === "value");
  state.addEventListener("change", () => {
    follow();
    if (state.value === "value" && inner.isEmpty?.() && schema.default !== undefined) inner.write?.(schema.default);
  });
  // Who types into a field means to set it.
  inner.node.addEventListener("input", () => { state.value = "value"; follow(); });
  const described = [problem.id, hint?.id].filter(Boolean).join(" ");
  if (inner.field) set(inner.field, { "aria-labelledby": labelId, "aria-describedby": described });

  const isGroup = kind === "object" || kind === "array";
  const label = el(isGroup ? "legend" : "label", { id: labelId, for: isGroup ? null : inner.field?.id },
    title, about.required && about.pointer ? el("span", { class: "needed", title: "required" }, " *") : null);
  const node = el(isGroup ? "fieldset" : "div", { class: `part ${kind}` }, label, state, inner.node, hint, problem);
  follow();

  return {
    node,
    pointer: about.pointer,
    member: about.member,
    children: () => (state.value === "value" ? inner.children?.() ?? [] : []),
    read() {
      if (state.value === "absent") return undefined;
      return state.value === "null" ? null : inner.read();
    },
    mark(text) {
      problem.textContent = text;
      if (inner.field) {
        if (text) inner.field.setAttribute("aria-invalid", "true");
        else inner.field.removeAttribute("aria-invalid");
      }
    },
    focus() {
      (inner.field ?? node.querySelector("input,textarea,select,button"))?.focus();
    },
  };
}

/** The bounds of a schema in words. */
function bounds(schema) {
  const words = {
    minLength: "at least # characters", maxLength: "at most # characters", pattern: "pattern #", format: "format #",
    minimum: "at least #", maximum: "at most #", exclusiveMinimum: "more than #", exclusiveMaximum: "less than #",
    multipleOf: "a multiple of #", minItems: "at least # items", maxItems: "at most # items",
  };
  return Object.entries(words).filter(([key]) => ["string", "number"].includes(typeof schema[key]))
    .map(([key, text]) => text.replace("#", () => String(schema[key]))).join(", ");
}

const FIELDS = {
  string({ schema, value }) {
    const isLong = (schema.maxLength ?? 0) > 200 || (value ?? "").includes("\n");
    const field = el(isLong ? "textarea" : "input", { id: newId(), value: value ?? "", autocomplete: "off" });
    return scalar(field, () => field.value);
  },

  number({ schema, value, pointer }) {
    const first = value === undefined ? "" : write(value);
    const field = el("input", { id: newId(), value: first, inputmode: "decimal", autocomplete: "off" });
    return scalar(field, () => {
      const text = field.value.trim();
      if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text)) {
        const wanted = schema.type === "integer" ? "a whole number" : "a number";
        throw new Unreadable(pointer, `${pointer.slice(1)} is to be ${wanted}, and \`${text}\` is none`);
      }
      return parse(text);
    });
  },

  boolean({ value }) {
    const field = el("input", { id: newId(), type: "checkbox", checked: value === true });
    return { ...scalar(field, () => field.checked), write: (next) => { field.checked = next; } };
  },

  enum({ schema, value }) {
    const options = schema.enum.map((one, index) => [String(index), typeof one === "string" ? one : write(one)]);
    const at = schema.enum.findIndex((one) => same(one, value));
    const field = choice({ id: newId() }, options, String(Math.max(at, 0)));
    return {
      ...scalar(field, () => schema.enum[Number(field.value)]),
      isEmpty: () => value === undefined,
      write: (next) => { field.value = String(schema.enum.findIndex((one) => same(one, next))); },
    };
  },

  const({ schema }) {
    const field = el("input", { id: newId(), value: typeof schema.const === "string" ? schema.const : write(schema.const), readonly: true });
    return { ...scalar(field, () => schema.const), write() {} };
  },

  json({ value, pointer }) {
    const field = el("textarea", { id: newId(), class: "mono", rows: 4, spellcheck: "false", value: value === undefined ? "" : write(value, 2) });
    return {
      ...scalar(field, () => {
        try {
          return parse(field.value);
        } catch (problem) {
          throw new Unreadable(pointer, `${pointer.slice(1)} is to be JSON: ${problem.message}`);
        }
      }),
      write: (next) => { field.value = write(next, 2); },
    };
  },

  object({ root, schema, value, pointer, depth }) {
    const known = Object.entries(schema.properties);
    const base = value ?? {};
    const required = Array.isArray(schema.required) ? schema.required : [];
    const members = known.map(([name, sub]) => part({
      root, schema: sub, value: Object.hasOwn(base, name) ? base[name] : undefined, pointer: pointed(pointer, name),
      name, member: name, required: required.includes(name), depth: depth + 1,
    }));
    const others = Object.keys(base).filter((name) => !Object.hasOwn(schema.properties, name));
    const kept = others.length > 0 && el("p", { class: "figures" }, `Also there, and kept: ${others.join(", ")}`);
    return {
      node: el("div", { class: "members" }, members.map((one) => one.node), kept),
      children: () => members,
      enable: enabler(members),
      read() {
        const read = new Map(members.map((one) => [one.member, one.read()]));
        // Members stay in the order in which they were, new ones follow.
        const names = [...new Set([...Object.keys(base), ...read.keys()])];
        const entries = names.map((name) => [name, read.has(name) ? read.get(name) : base[name]]);
        return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
      },
    };
  },

  array({ root, schema, value, pointer, depth, name }) {
    let items = [];
    const list = el("ol", { class: "items" });
    const add = el("button", { type: "button", class: "add", onclick: () => { push(undefined); changed(); } }, `Add to ${schema.title ?? name}`);
    const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
    function push(one) {
      const item = part({ root, schema: schema.items, value: one, pointer: pointed(pointer, items.length), name: `${items.length + 1}`, required: true, isItem: true, depth: depth + 1 });
      const line = el("li", {}, item.node, el("button", { type: "button", "aria-label": `Remove item ${items.length + 1}`, onclick: () => {
        const values = items.filter((other) => other !== item).map((other) => other.read());
        items = [];
        list.replaceChildren();
        values.forEach(push);
        changed();
        add.focus();
      } }, "Remove"));
      items.push(item);
      list.append(line);
    }
    (value ?? []).forEach(push);
    return {
      node: el("div", {}, list, add),
      children: () => items,
      enable: (isOn) => list.classList.toggle("off", !isOn),
      read: () => items.map((item) => item.read()),
    };
  },
};

function scalar(field, read) {
  return {
    node: field,
    field,
    read,
    isEmpty: () => field.value === "",
    write: (next) => { field.value = typeof next === "string" ? next : write(next); },
    enable: (isOn) => field.classList.toggle("off", !isOn),
  };
}

function enabler(members) {
  return (isOn) => members.forEach((one) => one.node.classList.toggle("off", !isOn));
}
