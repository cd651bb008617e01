"""A plugin made of what `crisp-mock explain` prints for C1, P1, C10 and F1, each in a module of the folder
LESSONS: this is what an author adds."""
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crisp_api import Crisp, RouteError

sys.path.insert(0, os.environ["LESSONS"])
from C1 import OVERLAP, heard, poll
from C10 import HOUR, turn
from F1 import forever
from P1 import load

crisp = Crisp()
crisp.set_tier("plugin")
crisp.authenticate(os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"])
crisp.set_rest_host(os.environ["CRISP_REST_HOST"])

websites, ready, asks_from = {}, False, None
state = {"good": -HOUR, "listed": -HOUR, "list_until": 0}


def apply(changes):
    for change in changes:
        if change.get("difference") == "removed":
            websites.pop(change["website_id"], None)
        else:
            websites[change["website_id"]] = change.get("settings") or {}


def ask():
    global asks_from
    asks_from = poll(crisp, *asks_from, apply)


class Listened:
    """Lists, and remembers from where the first page has a poll ask."""

    def __init__(self):
        self.plugin, self.first = self, None

    def list_all_connect_websites(self, number, *options):
        asked = time.monotonic()
        items = crisp.plugin.list_all_connect_websites(number, *options)
        if number == 1:
            self.first = heard["date"] - OVERLAP, asked
        return items


def relist():
    global asks_from, ready, websites
    listened = Listened()
    found = load(listened, lambda attempt, _: time.sleep(min(2**attempt, 60)))
    fresh = {id: item.get("settings") or {} for id, item in found.items()}

    def swap(changes):
        global websites
        websites = fresh
        apply(changes)

    asks_from = poll(crisp, *listened.first, swap)
    ready = True


def is_about_the_date(error):
    refused = isinstance(error, RouteError) and error.args[0]["code"] == 400
    return refused or "clock was set" in str(error)


class Cache(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(dict(websites) if ready else {"error": "still loading"}).encode()
        self.send_response(200 if ready else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Cache)
threading.Thread(target=server.serve_forever, daemon=True).start()
forever(lambda: turn(state, ask, relist, is_about_the_date), int(os.environ["CRISP_POLL_MS"]) / 1000)
