// Calls of the control API, for the space that is looked at.

const TOKEN = "crisp-mock-token";
const SPACE = "crisp-mock-space";

/** A call that was refused or did not reach the server (status 0). */
export class Refused extends Error {
  constructor(status, body) {
    super(body.error ?? `the server answered ${status}`);
    this.status = status;
    this.hint = body.hint ?? "";
    this.problems = body.problems ?? [];
  }
}

/** The space that this tab looks at. */
export function space() {
  return sessionStorage.getItem(SPACE) ?? "default";
}

export function chooseSpace(name) {
  sessionStorage.setItem(SPACE, name);
}

/** Keeps the control token in this tab, and nowhere else. */
export function bringToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** A call about the space; `path` begins with a slash. */
export function call(method, path, body) {
  const below = space() === "default" ? "" : `/spaces/${encodeURIComponent(space())}`;
  return server(method, below + path, body);
}

/** A call about the server. */
export async function server(method, path, body) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) {
    headers.authorization = `Bearer ${token}`;
  }
  if (body !== undefined) {
    headers["content-type"] = "application/json";
  }
  const text = body === undefined || typeof body === "string" ? body : write(body);
  let answer;
  try {
    answer = await fetch(`/_mock${path}`, { method, headers, body: text, cache: "no-store" });
  } catch {
    throw new Refused(0, { error: "the server does not answer" });
  }
  const read = parse((await answer.text()) || "{}");
  if (answer.ok) {
    return read;
  }
  if (answer.status === 401) {
    document.dispatchEvent(new Event("token-wanted"));
  }
  throw new Refused(answer.status, read);
}

/** Reads JSON; a number that JavaScript would change is kept as it is written. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) => {
    const source = context?.source;
    if (typeof value === "number" && source !== undefined && String(value) !== source && JSON.rawJSON) {
      return JSON.rawJSON(source);
    }
    return value;
  });
}

/** Whether a value is a number that was kept as it is written. */
export function isRaw(value) {
  return Boolean(JSON.isRawJSON?.(value));
}

/** Writes JSON, such numbers as they were. */
export function write(value, indent) {
  return JSON.stringify(value, undefined, indent);
}
