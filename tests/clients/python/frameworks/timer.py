"""threading.Timer: each poll begins the timer of the next one."""

import threading

from plain import fetch, serve
from sync import POLL, Copy, drive

copy = Copy()


def run():
    drive(copy.poll(), fetch)
    after(POLL)


def after(seconds):
    timer = threading.Timer(seconds, run)
    timer.daemon = True
    timer.start()


after(0)
serve(copy)
