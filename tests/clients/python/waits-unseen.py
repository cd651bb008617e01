"""A plugin that, once its cache could be read, waits for the machine's time where no preload sees it."""

import base64
import ctypes
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

PAIR = f"{os.environ['CRISP_IDENTIFIER']}:{os.environ['CRISP_KEY']}".encode()
HEADERS = {"Authorization": f"Basic {base64.b64encode(PAIR).decode()}", "X-Crisp-Tier": "plugin"}
ADDRESS = f"{os.environ['CRISP_REST_HOST']}/v1/plugin/connect/websites/all/1?filter_configured=0"
POLL = int(os.environ["CRISP_POLL_MS"]) / 1000
websites = None


def load():
    global websites
    while True:
        with urlopen(Request(ADDRESS, headers=HEADERS)) as response:
            found = json.load(response)["data"]
        websites = {each["website_id"]: each["settings"] for each in found}
        time.sleep(POLL)
        if POLL > 1:  # the look before the first scenario has a shorter one
            ctypes.CDLL(None).usleep(20_000_000)


class Cache(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if websites is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(websites or {}).encode())

    def log_message(self, *_):
        pass


threading.Thread(target=load, daemon=True).start()
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Cache).serve_forever()
