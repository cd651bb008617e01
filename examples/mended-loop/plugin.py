"""The loop of Crisp's settings guide, mended: a copy of all settings that stays right. Its rules:
1. Pages shift while they are read: a list counts when two in a row name the same websites.
2. Dates are Crisp's own, from before the request, minus an overlap.
3. The date moves on when an answer was whole, and not out of a cache.
4. All is listed again each hour, and when Crisp refuses the date or its clock was set.
5. Crisp is asked once a second at most, after failures more seldom, and not before a Retry-After is over."""
import base64, calendar, email.utils, itertools, json, os, threading, time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import HTTPErrorProcessor, Request, build_opener

BASE = os.environ.get("CRISP_REST_HOST", "https://api.crisp.chat") + "/v1/plugin/connect/websites/"
PAIR = base64.b64encode("{CRISP_IDENTIFIER}:{CRISP_KEY}".format(**os.environ).encode()).decode()
HEADERS = {"Authorization": f"Basic {PAIR}", "X-Crisp-Tier": "plugin"}
POLL, OVERLAP, HOUR = int(os.environ.get("CRISP_POLL_MS", "20000")) / 1000, 120, 3600
websites, silent_until, asked = None, 0, itertools.count()
unix = lambda date: calendar.timegm(email.utils.parsedate(date) or time.gmtime(0))

class EveryStatus(HTTPErrorProcessor):
    http_response = staticmethod(lambda request, response: response)

def get(path, query="", end=None):
    global silent_until  # gives the data, and when it was asked for: by Crisp, by a clock that never jumps
    time.sleep(max(min(1, POLL / 20), silent_until - time.monotonic()))
    at = time.monotonic()
    url = f"{BASE}{path}?filter_configured=0{query}&nth={next(asked)}"  # an address that no cache knows
    answer = build_opener(EveryStatus).open(Request(url, None, HEADERS), timeout=5)
    answered, wait = unix(answer.headers["Date"]) or time.time(), answer.headers["Retry-After"] or ""
    until = answered + float(wait) if wait.replace(".", "").isdigit() else unix(wait)
    silent_until = time.monotonic() + max(0, until - answered)
    body = {"error": False, "data": []} if answer.status == end else json.loads(answer.read())
    if body["error"] or answer.headers["Bloom-Status"] == "HIT" or answer.status not in (200, 206, end):
        raise ValueError(answer.status, path)
    return list(body["data"]), answered - (time.monotonic() - at), at

def load(before=None):
    found, page, (items, *first) = {}, 1, get("all/1")
    while items:
        found.update((item["website_id"], item.get("settings") or {}) for item in items)
        page, items = page + 1, get(f"all/{page + 1}", end=404)[0]
    return (found, *first) if found.keys() == before else load(found.keys())

def refresh(copy, date, at):  # asks what changed since then, and gives the moment to ask from next
    since = datetime.fromtimestamp(date - OVERLAP, timezone.utc)
    items, *moment = get("since", f"&date_since={since:%Y-%m-%dT%H:%M:%SZ}")
    if abs(moment[0] - date - (moment[1] - at)) > OVERLAP / 2:
        raise ValueError(400, "Crisp's clock was set")
    for item in items:
        copy[item["website_id"]] = item.get("settings") or {}
        if item["difference"] == "removed":
            del copy[item["website_id"]]
    return moment

def keep_in_step():
    global websites
    since, fresh, listed, list_until, failures = None, None, 0, 0, 0
    while True:
        now = time.monotonic()
        is_due = not since or now < list_until or now - min(since[1], listed) > HOUR
        try:
            if now - fresh[2] > HOUR if fresh else is_due:
                fresh = load()
            copy, *moment = fresh or (dict(websites), *since)
            since = refresh(copy, *moment)
            websites, listed, fresh, failures = copy, now if fresh else listed, None, 0
        except Exception as error:
            print(error, flush=True)
            failures += 1
            if error.args[:1] == (400,):  # what is not visible yet has a date by the old clock
                since, fresh, list_until = None, None, now + OVERLAP
        time.sleep(POLL * 2 ** min(failures, 2))

class Cache(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if websites is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(websites).encode())

threading.Thread(target=keep_in_step, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Cache).serve_forever()
