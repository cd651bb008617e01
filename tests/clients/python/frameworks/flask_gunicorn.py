"""Flask in a worker of gunicorn, with a thread that polls by requests."""

import threading
import time

import requests
from flask import Flask

from sync import HEADERS, POLL, TIMEOUT, Copy, drive

copy = Copy()
app = Flask(__name__)
session = requests.Session()
session.headers.update(HEADERS)


@app.get("/_cache")
def cache():
    status, body = copy.shown
    return body, status


def fetch(url):
    answer = session.get(url, timeout=TIMEOUT)
    return answer.status_code, {name.lower(): text for name, text in answer.headers.items()}, answer.content


def keep_in_step():
    while True:
        drive(copy.poll(), fetch)
        time.sleep(POLL)


threading.Thread(target=keep_in_step, daemon=True).start()
