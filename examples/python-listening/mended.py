"""The second way of Crisp's settings guide, mended: a plugin that listens and loses nothing. Its rules:
1. An event is a hint to ask at once, and never data: it may be late, lost, doubled or out of order.
2. Nothing is replayed: what happened while no socket was bound is asked for as soon as one is.
3. A website that the differential brings is not heard of before the socket is bound anew.
4. All of the loop that polls (examples/mended-loop), whose rules for lists and dates hold here, too."""
import base64, calendar, email.utils, itertools, json, os, threading, time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

import socketio

BASE = os.environ.get("CRISP_REST_HOST", "https://api.crisp.chat") + "/v1/plugin/connect/"
IDENTIFIER, KEY = os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"]
PAIR = base64.b64encode(f"{IDENTIFIER}:{KEY}".encode()).decode()
HEADERS = {"Authorization": f"Basic {PAIR}", "X-Crisp-Tier": "plugin"}
POLL, OVERLAP, HOUR = int(os.environ.get("CRISP_POLL_MS", "600000")) / 1000, 120, 3600
EVENTS = ["plugin:settings:saved", "plugin:subscription:updated"]
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
    return body["data"], answered - (time.monotonic() - at), at

def load(before=None):
    found, page, (items, *first) = {}, 1, get("websites/all/1")
    while items:
        found.update((item["website_id"], item.get("settings") or {}) for item in items)
        page, items = page + 1, get(f"websites/all/{page + 1}", end=404)[0]
    return (found, *first) if found.keys() == before else load(found.keys())

def refresh(copy, date, at):  # asks what changed since then, and gives the moment to ask from next
    since = datetime.fromtimestamp(date - OVERLAP, timezone.utc)
    items, *moment = get("websites/since", f"&date_since={since:%Y-%m-%dT%H:%M:%SZ}")
    if abs(moment[0] - date - (moment[1] - at)) > OVERLAP / 2:
        raise ValueError(400, "Crisp's clock was set")
    known = set(copy)
    for item in items:
        copy[item["website_id"]] = item.get("settings") or {}
        if item["difference"] == "removed":
            del copy[item["website_id"]]
    if copy.keys() - known:
        bind()
    return moment

# -- The socket ----------------------------------------------------------------------------------

client, heard = socketio.Client(), threading.Event()
for name in ["authenticated", *EVENTS]:
    client.on(name, lambda _: heard.set())

@client.event
def connect():
    login = {"username": IDENTIFIER, "password": KEY, "tier": "plugin"}
    client.emit("authentication", {**login, "events": EVENTS})

def bind():  # a socket hears of the websites that there are when it is bound: what was before is asked for
    if client.connected:
        client.emit("socket:bind", {})
        heard.set()

def listen():
    while True:
        try:
            url = urlsplit(get("endpoints")[0]["socket"]["app"])
            place = f"{url.scheme}://{url.netloc}"
            client.connect(place, socketio_path=url.path, transports=["websocket"])
            client.wait()  # it connects anew by itself when the network fails
        except Exception as error:
            print(error, flush=True)
        time.sleep(30)  # Crisp has ended it, or refused it

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
            if websites is None:
                threading.Thread(target=listen, daemon=True).start()
            websites, listed, fresh, failures = copy, now if fresh else listed, None, 0
        except Exception as error:
            print(error, flush=True)
            failures += 1
            if error.args[:1] == (400,):  # what is not visible yet has a date by the old clock
                since, fresh, list_until = None, None, now + OVERLAP
        if failures:
            heard.clear()
        heard.wait(POLL * 2 ** min(failures, 3))
        heard.clear()

class Cache(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if websites is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(websites).encode())

threading.Thread(target=keep_in_step, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Cache).serve_forever()
