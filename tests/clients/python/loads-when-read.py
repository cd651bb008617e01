"""A plugin that loads when its cache is read first, and waits for nothing before."""

import base64
import json
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

PAIR = f"{os.environ['CRISP_IDENTIFIER']}:{os.environ['CRISP_KEY']}".encode()
HEADERS = {"Authorization": f"Basic {base64.b64encode(PAIR).decode()}", "X-Crisp-Tier": "plugin"}
POLL = int(os.environ["CRISP_POLL_MS"]) / 1000
websites, loader = None, None


def get(path):
    url = f"{os.environ['CRISP_REST_HOST']}/v1/plugin/connect/websites/{path}"
    with urlopen(Request(url, headers=HEADERS)) as response:
        return {each["website_id"]: each["settings"] for each in json.load(response)["data"]}


def load():
    global websites
    websites = get("all/1?filter_configured=0")
    while True:
        time.sleep(POLL)
        since = (datetime.now(timezone.utc) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        websites.update(get(f"since?filter_configured=0&date_since={since}"))


class Cache(BaseHTTPRequestHandler):
    def do_GET(self):
        global loader
        if loader is None:
            loader = threading.Thread(target=load, daemon=True)
            loader.start()
        self.send_response(503 if websites is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(websites or {}).encode())

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Cache).serve_forever()
