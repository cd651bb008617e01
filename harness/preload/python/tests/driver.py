"""A pretend harness: the channel, an HTTP API whose answers are held, and a program under the clock."""

import json
import os
import pathlib
import queue
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRELOAD = str(pathlib.Path(__file__).resolve().parents[1])
START = 1_777_888_800_000  # 2026-05-04T10:00:00Z
LIMIT = 15  # seconds; what takes longer fails the test


class Peer:
    """A process that has said hello."""

    def __init__(self, connection):
        self.socket = connection
        self.file = connection.makefile("r", encoding="utf-8")
        self.hello = json.loads(self.file.readline())
        self.late = []
        self.number = 0

    def send(self, **order):
        self.number += 1
        self.socket.sendall(json.dumps({"id": self.number, **order}).encode() + b"\n")
        return self.number

    def ask(self, **order):
        number = self.send(**order)
        while True:
            reply = self.next()
            if reply["id"] == number and reply.get("at_rest") is not False:
                return reply
            self.late.append(reply)

    def next(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the channel was closed")
        return json.loads(line)


class Harness:
    """Runs a source text until it says hello."""

    def __init__(self, source, env=None, python=sys.executable):
        self.now = 0
        self.shift = 0  # how far the client's date is off
        self.held = queue.Queue()  # of requests, each with a queue for its answer
        self.lines = queue.Queue()  # of standard output
        self.channel = socket.create_server(("127.0.0.1", 0))
        self.channel.settimeout(LIMIT)
        self.api = _Api(("127.0.0.1", 0), _Request)
        self.api.held = self.held
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        emulator = f"127.0.0.1:{self.api.server_port}"
        self.program = subprocess.Popen(
            [python, "-c", source],
            env={
                **os.environ,
                "PYTHONPATH": PRELOAD,
                "PYTHONDONTWRITEBYTECODE": "1",
                "CRISP_CLOCK_CHANNEL": f"127.0.0.1:{self.channel.getsockname()[1]}",
                "CRISP_CLOCK_NONCE": "a nonce",
                "CRISP_CLOCK_NOW_MS": str(START),
                "CRISP_CLOCK_EMULATOR": emulator,
                "API": f"http://{emulator}",
                "TZ": "UTC",
                **(env or {}),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.peers = [self.meet()]

    def _read(self):
        for line in self.program.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()
        for peer in self.peers:
            peer.file.close()
            peer.socket.close()
        self.channel.close()
        self.api.shutdown()
        self.api.server_close()

    def meet(self):
        """The next process that says hello."""
        connection, _ = self.channel.accept()
        connection.settimeout(LIMIT)
        return Peer(connection)

    def order(self, ms=0):
        self.now += ms
        return {"advance_to_ms": self.now, "wall_ms": START + self.shift + self.now}

    def advance(self, ms=0):
        """Moves the clock; gives the reply of the first process."""
        order = self.order(ms)
        return [peer.ask(**order) for peer in self.peers][0]

    def settle(self, ms=0, count=None):
        """Lets all that was asked for arrive: the program waits for as many answers as are held (and
        for so many)."""
        reply = self.advance(ms)
        while reply["in_flight"] != self.held.qsize() or count not in (None, self.held.qsize()):
            reply = self.advance(0)
        return reply

    def answer(self, body=b"{}"):
        self.held.get(timeout=LIMIT).put(body)

    def line(self):
        return self.lines.get(timeout=LIMIT)


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # the program is gone


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        answer = queue.Queue()
        self.server.held.put(answer)
        body = answer.get()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # given up

    def log_message(self, *_):
        pass
