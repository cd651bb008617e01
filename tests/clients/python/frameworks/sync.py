"""A copy of all settings that stays right, by the rules of examples/mended-loop; the plugins beside this
file differ in how they call `poll`, fetch and serve `shown`. PLANTED names the one rule that is broken.

`Copy.poll` is a generator, so that threads and event loops can drive it: it yields ("sleep", seconds) or
("get", url), and is sent what came of it: for a get (status, headers in lower case, body)."""

import base64
import calendar
import email.utils
import json
import os
import time
import traceback
from datetime import datetime, timezone

MISTAKES = [
    "own-clock",  # dates are this machine's, and nothing looks back further
    "no-overlap",  # asks from the very moment of the last poll
    "moves-on-failure",  # the date moves on though a poll has failed
    "forgets-removals",  # does not drop websites that were uninstalled
    "relist-merges",  # puts a later list over the copy, in which the removed stay
    "stops-after-error",  # does not poll again after one failure
    "no-timeout",  # waits for an answer without an end
    "empty-clears",  # takes a differential without items for a list without websites
    "ignores-retry-after",  # asks again when it likes
]
PLANTED = os.environ.get("PLANTED")
if PLANTED and PLANTED not in MISTAKES:
    raise ValueError(f"PLANTED={PLANTED}: there is {', '.join(MISTAKES)}")

BASE = os.environ.get("CRISP_REST_HOST", "https://api.crisp.chat") + "/v1/plugin/connect/websites/"
PAIR = base64.b64encode("{CRISP_IDENTIFIER}:{CRISP_KEY}".format(**os.environ).encode()).decode()
HEADERS = {"Authorization": f"Basic {PAIR}", "X-Crisp-Tier": "plugin"}
POLL = int(os.environ.get("CRISP_POLL_MS", "20000")) / 1000
PORT = int(os.environ.get("PORT", "3000"))
TIMEOUT = None if PLANTED == "no-timeout" else 5
OVERLAP = 0 if PLANTED in ("no-overlap", "own-clock") else 120
HOUR = 3600


class Refused(Exception):
    def __init__(self, status, path):
        super().__init__(f"{path}: {status}")
        self.status = status


class Copy:
    def __init__(self):
        self.websites = None  # nothing before the first list
        self.since = None  # the moment to ask from: Crisp's date, and a clock that never jumps
        self.listed = 0
        self.failures = 0
        self.silent_until = 0
        self.asked = 0

    @property
    def shown(self):
        """What an address for tests answers: a status, and the settings by website."""
        return (503, {"error": "loading"}) if self.websites is None else (200, self.websites)

    def poll(self):
        """To be driven each POLL seconds; does nothing while it is to be silent after failures."""
        now = time.monotonic()
        if now < self.silent_until or PLANTED == "stops-after-error" and self.failures:
            return
        try:
            if not self.since or now - min(self.since[1], self.listed) > HOUR:
                yield from self._load(now)
            else:
                yield from self._refresh()
            self.failures = 0
        except Exception as error:
            self._failed(error)

    def _failed(self, error):
        traceback.print_exception(type(error), error, None)
        self.failures += 1
        now = time.monotonic()
        wait = POLL * (2 ** min(self.failures, 3) - 0.5)
        self.silent_until = max(self.silent_until, now + wait)
        if getattr(error, "status", None) == 400:
            self.since = None  # Crisp does not remember that long: everything is listed again
        if PLANTED == "moves-on-failure" and self.since:
            self.since = (self.since[0] + now - self.since[1], now)

    def _load(self, now):
        found, began = yield from self._list()
        items, moment = yield from self._changes(began)
        apply(items, found)
        merges = PLANTED == "relist-merges" and self.websites
        self.websites = {**self.websites, **found} if merges else found
        self.since, self.listed = moment, now

    def _list(self, before=None):
        """Pages shift while they are read: a list counts when two in a row name the same websites."""
        found, page = {}, 1
        items, began = yield from self._get("all/1")
        while items:
            found.update((item["website_id"], item.get("settings") or {}) for item in items)
            page += 1
            items, _ = yield from self._get(f"all/{page}", end=404)
        if found.keys() == before:
            return found, began
        return (yield from self._list(found.keys()))

    def _refresh(self):
        items, moment = yield from self._changes(self.since)
        copy = {} if PLANTED == "empty-clears" and not items else dict(self.websites)
        apply(items, copy)
        self.websites, self.since = copy, moment

    def _changes(self, moment):
        since = datetime.fromtimestamp(moment[0] - OVERLAP, timezone.utc)
        return (yield from self._get("since", f"&date_since={since:%Y-%m-%dT%H:%M:%SZ}"))

    def _get(self, path, query="", end=None):
        """Gives the data, and the moment it was asked for."""
        yield "sleep", max(min(1, POLL / 20), self.silent_until - time.monotonic())
        at = time.monotonic()
        self.asked += 1  # each address is a new one, which no cache knows
        url = f"{BASE}{path}?filter_configured=0{query}&nth={self.asked}"
        status, headers, body = yield "get", url
        answered = _unix(headers.get("date")) or time.time()
        after = headers.get("retry-after", "")
        wait = int(after) if after.isdigit() else (_unix(after) or answered) - answered
        if PLANTED != "ignores-retry-after":
            self.silent_until = max(self.silent_until, time.monotonic() + wait)
        answer = {"error": False, "data": []} if status == end else json.loads(body)
        if answer["error"] or status not in (200, 206, end):
            raise Refused(status, path)
        date = time.time() if PLANTED == "own-clock" else answered - (time.monotonic() - at)
        return list(answer["data"]), (date, at)


def apply(items, websites):
    for item in items:
        if item["difference"] != "removed":
            websites[item["website_id"]] = item.get("settings") or {}
        elif PLANTED != "forgets-removals":
            websites.pop(item["website_id"], None)


def _unix(date):
    parsed = email.utils.parsedate(date or "")
    return parsed and calendar.timegm(parsed)


def drive(steps, fetch):
    """Drives a poll in a thread; `fetch(url)` gives (status, headers in lower case, body)."""
    send, value = steps.send, None
    try:
        while True:
            step, argument = send(value)
            try:
                value = time.sleep(argument) if step == "sleep" else fetch(argument)
                send = steps.send
            except Exception as error:
                send, value = steps.throw, error
    except StopIteration:
        pass


async def drive_async(steps, sleep, fetch):
    """Drives a poll in an event loop."""
    send, value = steps.send, None
    try:
        while True:
            step, argument = send(value)
            try:
                value = await (sleep(argument) if step == "sleep" else fetch(argument))
                send = steps.send
            except Exception as error:
                send, value = steps.throw, error
    except StopIteration:
        pass
