"""Made from the OpenAPI document of the control API by packaging/types_of.py: not written by hand."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Info(TypedDict):
    url: str
    r"""The server's address, without a slash at the end: what `setRestHost` takes."""
    rest_url: str
    r"""The base of the REST API, with a slash at the end."""
    rtm_url: str
    r"""Where sockets of the RTM API open: what discovery answers as `socket.app`."""
    control_url: str
    r"""The base of the control API of this space."""
    identifier: str
    r"""The plugin token's identifier."""
    key: str
    r"""The plugin token's key."""
    tier: str
    r"""The tier of that token: `plugin`."""
    plugin_id: str
    r"""The plugin's id."""
    user_identifier: str
    r"""The identifier of an operator's token, for `user`-tier routes."""
    user_key: str
    r"""The key of that token."""
    development_identifier: str
    r"""The identifier of the plugin's development token (quirk `development-token`)."""
    development_key: str
    r"""The key of that token."""
    hook_secret: str
    r"""The secret with which web hooks are signed."""
    space: str
    r"""The space's name."""
    version: str
    r"""The version of the emulator."""
    pid: int
    r"""The process that runs it."""


class _Plan(TypedDict):
    id: str
    name: str


class Plan(_Plan, total=False):
    trialing: bool


class Website(TypedDict, total=False):
    website_id: str
    name: str
    r"""The short name, like w7."""
    token: str
    settings: dict[str, Any]
    configured: bool
    plan: Plan
    price: int
    installed_at: str
    changed_at: str
    company: str
    domain: str
    settings_url: str


class Entry(TypedDict, total=False):
    seq: int
    time: str
    elapsed_ms: int
    operation: str
    occurrence: int
    method: str
    path: str
    query: str
    agent: str
    r"""What its client calls itself."""
    website: str
    website_name: str
    status: int | None
    outcome: Literal['answer', 'cut', 'drip', 'reset', 'close', 'hang']
    carried_out: bool
    r"""No fault kept it from the API, and the API did not refuse it."""
    client_left: bool
    r"""Sent when it is true: the client was gone, or had ended its side, before its answer was out."""
    faults: list[dict[str, Any]]
    unread: dict[str, Any]
    r"""What was sent and never read: query, headers, body."""
    explanation: str
    r"""Why it was refused, in words that name the fix."""
    duration_ms: float | None


class Journal(TypedDict, total=False):
    requests: list[Entry]
    count: int
    r"""How many matched."""
    dropped: int
    r"""How many entries were dropped for want of room."""
    last_seq: int
    r"""The number of the newest request that there ever was."""
    total: int
    r"""How many requests there were, dropped ones included."""
    counts: dict[str, Any]
    r"""By operation and status, dropped ones included."""


class Event(TypedDict):
    seq: int
    r"""From 1, never used again in the space."""
    website_id: str
    event: str
    data: dict[str, Any]
    timestamp: int
    r"""Milliseconds since 1970."""


class Clock(TypedDict, total=False):
    now: str
    mode: Literal['real', 'manual']
    elapsed_ms: int


class Quota(TypedDict, total=False):
    limit: int | None
    used: int
    resets_at: str


class NewSpace(TypedDict, total=False):
    name: str
    r"""What the space is called; the server chooses a name when there is none."""
    expires: str
    schema: str | dict[str, Any] | None
    r"""The plugin's settings schema, a JSON Schema"""
    websites: int
    r"""Websites that have the plugin installed [default: 25]"""
    unconfigured: int
    r"""How many of them have no settings yet [default: 0]"""
    seed: int
    r"""Same seed, same ids, tokens and settings [default: 1]"""
    settings_url: str
    r"""The plugin's settings page; the banner prints a link that opens it as Crisp does"""
    identifier: str
    r"""The plugin token's identifier [default: a fixed development pair]"""
    key: str
    r"""The plugin token's key [default: a fixed development pair]"""
    accept_any_credentials: bool
    r"""Take any identifier and key on the plugin tier for the plugin's own: for development only"""
    quota: int | Literal['off']
    r"""Requests a day, or `off` [default: off]"""
    page_size: int
    r"""Websites on a page of the list, 1 to 100 [default: 20]"""
    profile: Literal['typical'] | Literal['hostile']
    r"""Which set of guesses about undocumented details [default: typical]"""
    quirks: dict[str, Any]
    clock: Literal['real'] | Literal['manual']
    r"""Whether time passes by itself [default: real]"""
    now: str
    r"""What the world's clock shows at the start, as 2026-01-31T09:00:00Z [default: now]"""
    stub: str | list[str]
    r"""Answer a route outside the plugin area; repeatable"""
    stub_file: str | dict[str, Any] | list[dict[str, Any]]
    r"""Answer routes outside the plugin area with the data of a YAML or JSON file"""
    hook: str | list[str]
    r"""Deliver events to this address as signed web hooks; repeatable"""
    faults: dict[str, Any] | list[Any]
    r"""One fault or a list of them: docs/faults.md."""
    state: dict[str, Any]


class Install(TypedDict, total=False):
    website_id: str
    settings: dict[str, Any]
    r"""Left out: not configured."""
    plan: str | dict[str, Any]
    r"""A plan, by its name (Free, Mini, Essentials, Plus, or any other) or in full."""
    price: int


class RequestFilter(TypedDict, total=False):
    operation: Literal['account', 'session', 'list', 'since', 'endpoints', 'subscription', 'get_settings', 'save_settings', 'update_settings', 'usage', 'provenance', 'channel', 'event', 'rtm', 'rtm_event', 'stub', 'hook', 'unmatched']
    r"""Only this operation."""
    since_seq: int
    r"""Only entries with a greater number."""
    before_seq: int
    r"""Only entries with a smaller number."""
    method: str
    r"""Only this method."""
    status: int
    r"""Only this status."""
    website: str
    r"""Only about this website: a UUID or w7."""
    path: str
    r"""Only paths that contain this."""
    limit: int
    r"""At most so many, the newest."""
    wait: str
    r"""Hold the call until an entry matches, at most so long (5s; never over 5m)."""


class Fault(TypedDict, total=False):
    window: str
    r"""A span of elapsed time: 65s..800s, 20s.., ..30s."""
    at: str
    r"""The requests that are met: since, since#2, since#1..3, since#3.., since#every:3, list/2, list/2#1; without it all of them, which needs a window."""
    website: str
    r"""Only requests about this website: w1, or a UUID."""
    method: Literal['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    r"""Only requests with this method."""
    reason: str
    r"""The reason in the envelope of `status`; without it, one that fits the status."""
    retry_after: str
    r"""A Retry-After header of `status` or `throttle`, whole seconds rounded up."""
    retry_after_as: Literal['date'] | Literal['fraction'] | Literal['nonsense']
    r"""The form of that header, when it is not whole seconds."""
    skew: str
    r"""How many milliseconds the server's clock is off: -60s is behind."""
    step: str
    r"""How many milliseconds the client's clock is moved: +90s is forward."""
    times: int
    r"""At most so many times."""
    chance: float
    r"""Only with this probability; needs a seed."""
    seed: int
    r"""What chance and uniform delays are drawn from, together with the place in the plan."""
    status: int
    r"""That answer, in the API's envelope; not carried out."""
    throttle: Literal[429, 420]
    r"""A refusal as the API throttles; not carried out."""
    delay: str | dict[str, Any]
    r"""A slow answer: 5s, or {uniform: [1s, 3s]}."""
    hang: Literal[True]
    r"""No answer until the client gives up; not carried out."""
    reset: Literal[True]
    r"""A TCP reset before any byte of an answer; not carried out."""
    close: Literal[True]
    r"""An orderly close before any byte of an answer; not carried out."""
    cut_body: int
    r"""The full Content-Length, so many bytes, then the end."""
    drip: str
    r"""A slow body: 100B/s, 1kB/s."""
    garbage: Literal[True]
    r"""200 with bytes that are not JSON; not carried out."""
    html: Literal[True]
    r"""200 with a web page, as a proxy in the way would send it; not carried out."""
    empty_body: Literal[True]
    r"""200 without a body; not carried out."""
    wrong_type: Literal[True]
    r"""200 with `data` of a type that no route has; not carried out."""
    error_envelope: Literal[True]
    r"""200 with `error: true`; not carried out."""
    missing_data: Literal[True]
    r"""200 without `data`; not carried out."""
    null_data: Literal[True]
    r"""200 with `data: null`; not carried out."""
    lose_answer: Literal[True]
    r"""Carried out, then a reset instead of the answer."""
    lose_request: Literal[True]
    r"""Not carried out, and a reset instead of an answer."""
    stale: str
    r"""The answer as of so long ago, 10m at most, with Bloom-Status: HIT."""
    empty_page: Literal[True]
    r"""A list answer without its items."""
    short_page: Literal[True]
    r"""A list answer without its last item."""
    repeat_page: Literal[True]
    r"""The page before the one that was asked for."""
    hold_order: Literal[True]
    r"""Computed now, delivered after the next answer of its operation."""
    clock: Literal['server'] | Literal['client']
    r"""A clock shows another time while the window is open, the client's in virtual time only; the request itself is left alone."""
    drop: Literal[True]
    r"""An event that is never sent."""
    duplicate: Literal[True]
    r"""An event that is sent twice."""
    bad_signature: Literal[True]
    r"""A delivery of a hook whose signature does not fit."""
    old_timestamp: str
    r"""A delivery of a hook, well signed, from so long ago."""
    other_website: Literal[True]
    r"""A delivery of a hook, well signed, about a website that does not have the plugin."""
    mute_pings: Literal[True]
    r"""The server sends and answers no heartbeats on the socket of this handshake: the client gives it up."""
    refuse_auth: Literal[True]
    r"""The socket of this handshake is refused when it authenticates, whatever its credentials are."""
    kick: Literal[True]
    r"""The socket is closed: of a handshake once it is authenticated, of an event in its place."""
