"""A small Crisp plugin that listens, as its author would write it.

The second way of Crisp's settings guide: it loads the settings of every website that installed it,
listens for `plugin:settings:saved`, and asks every ten minutes what changed besides. It serves the
page on which people change their settings. What it would do with them is left out.

It loses updates, as the guide's loop does; mended.py shows what it takes to lose none.
"""

import json
import os
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
import socketio
from crisp_api import Crisp

PORT = int(os.environ.get("PORT", "3000"))
POLL_SECONDS = int(os.environ.get("CRISP_POLL_MS", "600000")) / 1000
EMULATOR = os.environ.get("CRISP_REST_HOST")
REST_HOST = EMULATOR or "https://api.crisp.chat"
IDENTIFIER, KEY = os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"]
PLUGIN_ID = os.environ["CRISP_PLUGIN_ID"]
PAGE = (Path(__file__).parent / "config.html").read_bytes()
NOT_VALID = {"error": "This link is not valid. Open it from Crisp again."}

crisp = Crisp()
crisp.set_tier("plugin")
crisp.authenticate(IDENTIFIER, KEY)
if EMULATOR:
    crisp.set_rest_host(EMULATOR)  # the emulator, in place of Crisp

# Every website that has the plugin: its token and settings by its id.
websites = {}
loaded = threading.Event()


# -- The settings of all websites, kept in memory ------------------------------------------------


def store(website):
    websites[website["website_id"]] = {
        "token": website["token"],
        "settings": website["settings"],
    }


def load_websites():
    page = 1
    while found := crisp.plugin.list_all_connect_websites(page, 0):
        for website in found:
            store(website)
        page += 1


def listen():
    """Crisp's client for Python does not listen: the address of its sockets is asked for by hand."""
    client = socketio.Client()

    @client.event
    def connect():
        login = {"username": IDENTIFIER, "password": KEY, "tier": "plugin"}
        client.emit("authentication", {**login, "events": ["plugin:settings:saved"]})

    @client.on("plugin:settings:saved")
    def saved(event):
        # An event carries the settings, and no token.
        token = websites.get(event["website_id"], {}).get("token")
        store({**event, "token": token})

    endpoints = requests.get(
        f"{REST_HOST}/v1/plugin/connect/endpoints",
        auth=(IDENTIFIER, KEY),
        headers={"X-Crisp-Tier": "plugin"},
        timeout=10,
    )
    url = urlsplit(endpoints.json()["data"]["socket"]["app"])
    address = f"{url.scheme}://{url.netloc}"
    client.connect(address, socketio_path=url.path, transports=["websocket"], retry=True)


def refresh_websites(since):
    # With a `Z`: the client does not encode the `+` of an offset.
    date = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for change in crisp.plugin.list_connect_websites_since(date, 0):
        if change["difference"] == "removed":
            websites.pop(change["website_id"], None)
        else:
            store(change)


def maintain_websites():
    while not loaded.is_set():
        try:
            load_websites()
            loaded.set()
        except Exception as error:
            print(f"could not load the websites, trying again: {explain(error)}", flush=True)
            time.sleep(POLL_SECONDS)
    last_check = datetime.now(timezone.utc)
    try:
        listen()
    except Exception as error:
        print(f"could not listen: {explain(error)}", flush=True)
    while True:
        time.sleep(POLL_SECONDS)
        try:
            refresh_websites(last_check)
            last_check = datetime.now(timezone.utc)
        except Exception as error:
            # The date stays, so that the next round asks for what this one missed.
            print(f"could not refresh the websites: {explain(error)}", flush=True)


def explain(error):
    """The client's errors carry an object; all others speak for themselves."""
    details = error.args[0] if error.args else None
    return details["data"]["message"] if isinstance(details, dict) else str(error)


# -- The settings page ---------------------------------------------------------------------------


def is_allowed(website_id, token):
    """Only Crisp and the website's own people know the token."""
    website = websites.get(website_id)
    return website is not None and bool(token) and website["token"] == token


class SettingsPage(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/config.html":
            self.answer(200, PAGE, "text/html; charset=utf-8")
        elif url.path == "/settings":
            self.show(query.get("website_id"), query.get("token"))
        elif url.path == "/_cache" and EMULATOR:
            self.cache()
        else:
            self.answer(404, {"error": "There is nothing here."})

    def do_POST(self):
        if urlsplit(self.path).path != "/settings":
            return self.answer(404, {"error": "There is nothing here."})
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.save(body["website_id"], body["token"], body["settings"])
        except Exception as error:
            self.answer(400, {"error": explain(error)})

    def show(self, website_id, token):
        if not is_allowed(website_id, token):
            return self.answer(403, NOT_VALID)
        self.answer(200, websites[website_id]["settings"])

    def save(self, website_id, token, settings):
        if not is_allowed(website_id, token):
            return self.answer(403, NOT_VALID)
        # Other members than these stay as they are; the event of this save brings them all.
        crisp.plugin.update_subscription_settings(website_id, PLUGIN_ID, settings)
        self.answer(200, {})

    def cache(self):
        """What the plugin holds, for tests: only while it talks to an emulator."""
        if not loaded.is_set():
            return self.answer(503, {"error": "still loading"})
        held = {id: website["settings"] for id, website in websites.copy().items()}
        self.answer(200, held)

    def answer(self, status, content, kind="application/json"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing about each request."""


def main():
    server = ThreadingHTTPServer(("127.0.0.1", PORT), SettingsPage)
    threading.Thread(target=maintain_websites, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
