// Made from the OpenAPI document of the control API by packaging/types_of.py: not written by hand.

export interface Info {
  /** The server's address, without a slash at the end: what `setRestHost` takes. */
  url: string;
  /** The base of the REST API, with a slash at the end. */
  rest_url: string;
  /** Where sockets of the RTM API open: what discovery answers as `socket.app`. */
  rtm_url: string;
  /** The base of the control API of this space. */
  control_url: string;
  /** The plugin token's identifier. */
  identifier: string;
  /** The plugin token's key. */
  key: string;
  /** The tier of that token: `plugin`. */
  tier: string;
  /** The plugin's id. */
  plugin_id: string;
  /** The identifier of an operator's token, for `user`-tier routes. */
  user_identifier: string;
  /** The key of that token. */
  user_key: string;
  /** The identifier of the plugin's development token (quirk `development-token`). */
  development_identifier: string;
  /** The key of that token. */
  development_key: string;
  /** The secret with which web hooks are signed. */
  hook_secret: string;
  /** The space's name. */
  space: string;
  /** The version of the emulator. */
  version: string;
  /** The process that runs it. */
  pid: number;
}

export interface Plan {
  id: string;
  name: string;
  trialing?: boolean;
}

export interface Website {
  website_id?: string;
  /** The short name, like w7. */
  name?: string;
  token?: string;
  settings?: Record<string, unknown>;
  configured?: boolean;
  plan?: Plan;
  price?: number;
  installed_at?: string;
  changed_at?: string;
  company?: string;
  domain?: string;
  settings_url?: string;
}

export interface Entry {
  seq?: number;
  time?: string;
  elapsed_ms?: number;
  operation?: string;
  occurrence?: number;
  method?: string;
  path?: string;
  query?: string;
  /** What its client calls itself. */
  agent?: string;
  website?: string;
  website_name?: string;
  status?: number | null;
  outcome?: "answer" | "cut" | "drip" | "reset" | "close" | "hang";
  /** No fault kept it from the API, and the API did not refuse it. */
  carried_out?: boolean;
  /** Sent when it is true: the client was gone, or had ended its side, before its answer was out. */
  client_left?: boolean;
  faults?: Array<Record<string, unknown>>;
  /** What was sent and never read: query, headers, body. */
  unread?: Record<string, unknown>;
  /** Why it was refused, in words that name the fix. */
  explanation?: string;
  duration_ms?: number | null;
}

export interface Journal {
  requests?: Array<Entry>;
  /** How many matched. */
  count?: number;
  /** How many entries were dropped for want of room. */
  dropped?: number;
  /** The number of the newest request that there ever was. */
  last_seq?: number;
  /** How many requests there were, dropped ones included. */
  total?: number;
  /** By operation and status, dropped ones included. */
  counts?: Record<string, unknown>;
}

export interface Event {
  /** From 1, never used again in the space. */
  seq: number;
  website_id: string;
  event: string;
  data: Record<string, unknown>;
  /** Milliseconds since 1970. */
  timestamp: number;
}

export interface Clock {
  now?: string;
  mode?: "real" | "manual";
  elapsed_ms?: number;
}

export interface Quota {
  limit?: number | null;
  used?: number;
  resets_at?: string;
}

export interface NewSpace {
  /** What the space is called; the server chooses a name when there is none. */
  name?: string;
  expires?: string;
  /** The plugin's settings schema, a JSON Schema */
  schema?: string | Record<string, unknown> | null;
  /** Websites that have the plugin installed [default: 25] */
  websites?: number;
  /** How many of them have no settings yet [default: 0] */
  unconfigured?: number;
  /** Same seed, same ids, tokens and settings [default: 1] */
  seed?: number;
  /** The plugin's settings page; the banner prints a link that opens it as Crisp does */
  settings_url?: string;
  /** The plugin token's identifier [default: a fixed development pair] */
  identifier?: string;
  /** The plugin token's key [default: a fixed development pair] */
  key?: string;
  /** Take any identifier and key on the plugin tier for the plugin's own: for development only */
  accept_any_credentials?: boolean;
  /** Requests a day, or `off` [default: off] */
  quota?: number | "off";
  /** Websites on a page of the list, 1 to 100 [default: 20] */
  page_size?: number;
  /** Which set of guesses about undocumented details [default: typical] */
  profile?: "typical" | "hostile";
  quirks?: Record<string, unknown>;
  /** Whether time passes by itself [default: real] */
  clock?: "real" | "manual";
  /** What the world's clock shows at the start, as 2026-01-31T09:00:00Z [default: now] */
  now?: string;
  /** Answer a route outside the plugin area; repeatable */
  stub?: string | Array<string>;
  /** Answer routes outside the plugin area with the data of a YAML or JSON file */
  stub_file?: string | Record<string, unknown> | Array<Record<string, unknown>>;
  /** Deliver events to this address as signed web hooks; repeatable */
  hook?: string | Array<string>;
  /** One fault or a list of them: docs/faults.md. */
  faults?: Record<string, unknown> | Array<unknown>;
  state?: Record<string, unknown>;
}

export interface Install {
  website_id?: string;
  /** Left out: not configured. */
  settings?: Record<string, unknown>;
  /** A plan, by its name (Free, Mini, Essentials, Plus, or any other) or in full. */
  plan?: string | Record<string, unknown>;
  price?: number;
}

export interface RequestFilter {
  /** Only this operation. */
  operation?: "account" | "session" | "list" | "since" | "endpoints" | "subscription" | "get_settings" | "save_settings" | "update_settings" | "usage" | "provenance" | "channel" | "event" | "rtm" | "rtm_event" | "stub" | "hook" | "unmatched";
  /** Only entries with a greater number. */
  since_seq?: number;
  /** Only entries with a smaller number. */
  before_seq?: number;
  /** Only this method. */
  method?: string;
  /** Only this status. */
  status?: number;
  /** Only about this website: a UUID or w7. */
  website?: string;
  /** Only paths that contain this. */
  path?: string;
  /** At most so many, the newest. */
  limit?: number;
  /** Hold the call until an entry matches, at most so long (5s; never over 5m). */
  wait?: string;
}

export interface Fault {
  /** A span of elapsed time: 65s..800s, 20s.., ..30s. */
  window?: string;
  /** The requests that are met: since, since#2, since#1..3, since#3.., since#every:3, list/2, list/2#1; without it all of them, which needs a window. */
  at?: string;
  /** Only requests about this website: w1, or a UUID. */
  website?: string;
  /** Only requests with this method. */
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  /** The reason in the envelope of `status`; without it, one that fits the status. */
  reason?: string;
  /** A Retry-After header of `status` or `throttle`, whole seconds rounded up. */
  retry_after?: string;
  /** The form of that header, when it is not whole seconds. */
  retry_after_as?: "date" | "fraction" | "nonsense";
  /** How many milliseconds the server's clock is off: -60s is behind. */
  skew?: string;
  /** How many milliseconds the client's clock is moved: +90s is forward. */
  step?: string;
  /** At most so many times. */
  times?: number;
  /** Only with this probability; needs a seed. */
  chance?: number;
  /** What chance and uniform delays are drawn from, together with the place in the plan. */
  seed?: number;
  /** That answer, in the API's envelope; not carried out. */
  status?: number;
  /** A refusal as the API throttles; not carried out. */
  throttle?: 429 | 420;
  /** A slow answer: 5s, or {uniform: [1s, 3s]}. */
  delay?: string | Record<string, unknown>;
  /** No answer until the client gives up; not carried out. */
  hang?: true;
  /** A TCP reset before any byte of an answer; not carried out. */
  reset?: true;
  /** An orderly close before any byte of an answer; not carried out. */
  close?: true;
  /** The full Content-Length, so many bytes, then the end. */
  cut_body?: number;
  /** A slow body: 100B/s, 1kB/s. */
  drip?: string;
  /** 200 with bytes that are not JSON; not carried out. */
  garbage?: true;
  /** 200 with a web page, as a proxy in the way would send it; not carried out. */
  html?: true;
  /** 200 without a body; not carried out. */
  empty_body?: true;
  /** 200 with `data` of a type that no route has; not carried out. */
  wrong_type?: true;
  /** 200 with `error: true`; not carried out. */
  error_envelope?: true;
  /** 200 without `data`; not carried out. */
  missing_data?: true;
  /** 200 with `data: null`; not carried out. */
  null_data?: true;
  /** Carried out, then a reset instead of the answer. */
  lose_answer?: true;
  /** Not carried out, and a reset instead of an answer. */
  lose_request?: true;
  /** The answer as of so long ago, 10m at most, with Bloom-Status: HIT. */
  stale?: string;
  /** A list answer without its items. */
  empty_page?: true;
  /** A list answer without its last item. */
  short_page?: true;
  /** The page before the one that was asked for. */
  repeat_page?: true;
  /** Computed now, delivered after the next answer of its operation. */
  hold_order?: true;
  /** A clock shows another time while the window is open, the client's in virtual time only; the request itself is left alone. */
  clock?: "server" | "client";
  /** An event that is never sent. */
  drop?: true;
  /** An event that is sent twice. */
  duplicate?: true;
  /** A delivery of a hook whose signature does not fit. */
  bad_signature?: true;
  /** A delivery of a hook, well signed, from so long ago. */
  old_timestamp?: string;
  /** A delivery of a hook, well signed, about a website that does not have the plugin. */
  other_website?: true;
  /** The server sends and answers no heartbeats on the socket of this handshake: the client gives it up. */
  mute_pings?: true;
  /** The socket of this handshake is refused when it authenticates, whatever its credentials are. */
  refuse_auth?: true;
  /** The socket is closed: of a handshake once it is authenticated, of an event in its place. */
  kick?: true;
}
