"""The connection to the harness (one JSON object a line, both ways), and the thread that carries out
its orders: lets the program come to rest, ends the waits whose time has come, one after the other with
a rest after each, and reports."""

import _socket
import _thread
import json
import os
import sys
import threading
import time

from .core import CORE, MILLISECOND, get_ident
from .files import any_ready
from .fork_server import tell_modules
from .offspring import children
from .sockets import asked, in_flight, switched

LONGEST_LINE = 65_536
PATIENCE = 1.0
# How long a thread may take to see that a file is ready, before one looks again.
A_LOOK = 0.0005

begin_thread = _thread.start_new_thread
real_clock = time.monotonic
# Made once, where `json.dumps` makes one for each message.
encode = json.JSONEncoder(separators=(",", ":")).encode
# Without what `json.loads` does to find out how a text is encoded.
scan = json.JSONDecoder().scan_once
_current = None


def open(env):
    """Connects, says hello, and begins to listen; in a forked child anew."""
    global _current
    if _current is not None:
        _current.close()
    channel = _Channel(env)
    _current = channel
    begin_thread(channel.serve, ())


class _Channel:
    def __init__(self, env):
        host, _, port = env["CRISP_CLOCK_CHANNEL"].rpartition(":")
        self._thread = None
        self._text = b""
        # Made without the methods that this package replaces.
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        try:
            self._socket.connect((host, int(port)))
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        except (OSError, ValueError):
            return  # without the harness the clock stands, and the harness ends the process
        arguments = [*getattr(sys, "orig_argv", sys.argv)[1:], ""]
        self._send(
            hello=1,
            nonce=env.get("CRISP_CLOCK_NONCE", ""),
            pid=os.getpid(),
            parent=os.getppid(),
            thread=0,
            runtime="python",
            version=".".join(map(str, sys.version_info[:3])),
            program=os.path.basename(arguments[0])[:200],
        )

    def close(self):
        self._socket.close()

    def serve(self):
        self._thread = get_ident()
        for line in self._lines():
            order = _understood(line)
            if "error" in order:
                self._send(**order)
            else:
                self._advance(**order)

    def _lines(self):
        while True:
            line, newline, rest = self._text.partition(b"\n")
            if newline:
                self._text = rest
                if line.strip():
                    yield line
                continue
            try:
                data = self._socket.recv(LONGEST_LINE)
            except OSError:
                return
            self._text += data
            if not data or len(self._text) > LONGEST_LINE and b"\n" not in self._text:
                self._socket.close()
                return

    def _send(self, **message):
        try:
            self._socket.sendall(encode(message).encode() + b"\n")
        except OSError:
            pass

    # -- Orders ----------------------------------------------------------------------------------

    def _advance(self, id, advance_to, wall, tell_found):
        target = max(advance_to, CORE.now)

        def move_to(time):
            CORE.move_to(time, wall - (target - time))

        self._rest(id)
        found = self._report(id) if tell_found else None
        # The date may have moved while the time did not.
        move_to(CORE.now)
        self._ring_until(id, target, move_to)
        move_to(target)
        passed = [wait for wait in list(CORE.idle) if wait.due <= target]
        for wait in sorted(passed, key=lambda wait: wait.due):
            CORE.end_by_time(wait)
            self._rest(id)
        # What they led to may be due at once.
        self._ring_until(id, target, move_to)
        report = self._report(id)
        if found is not None:
            report["found"] = found
        tell_modules()
        self._send(id=id, at_rest=True, **report)

    def _ring_until(self, id, target, move_to):
        while (due := CORE.next_alarm()) is not None and due <= target:
            move_to(due)
            CORE.ring()
            self._rest(id)

    def _report(self, id):
        """What the program is like at rest."""
        while True:
            entered = CORE.entered
            offspring, waiting, sockets = children(), in_flight(), switched()
            # A child that ended just now, or an answer that came, wakes a thread. One that has read a
            # part of an answer meanwhile waits for the rest: what was counted is not so any more. An
            # answer that a program at rest does not read is none that it waits for.
            with CORE.guard:
                if CORE.entered == entered and self._at_rest():
                    break
            self._rest(id)
        due = CORE.next_alarm()
        return {
            "now_ms": CORE.now / MILLISECOND,
            "next_ms": None if due is None else max(0, -((CORE.now - due) // MILLISECOND)),
            "in_flight": waiting,
            "asked": asked(),
            "sockets": sockets,
            "entered": CORE.entered,
            "workers": 0,
            "children": offspring,
            "unmoved": CORE.unmoved,
        }

    @staticmethod
    def _at_rest():
        with CORE.guard:
            return CORE.running == 0 and not any_ready(CORE.waits)

    def _rest(self, id):
        """Waits until the program is at rest."""
        patience = real_clock() + PATIENCE
        while True:
            with CORE.guard:
                if self._at_rest():
                    return
                running = CORE.running
                # From here on a count of nought lets it go.
                CORE.changed.acquire(False)
            # A thread that has yet to see its file runs soon, and then comes to rest.
            CORE.changed.acquire(True, 0.1 if running else A_LOOK)
            if real_clock() > patience:
                patience = real_clock() + PATIENCE
                self._send(id=id, at_rest=False, because=self._running())

    def _running(self):
        """What the threads do that do not wait."""
        with CORE.guard:
            waiting = {wait.thread for wait in CORE.waits} | {self._thread}
        names = {thread.ident: thread.name for thread in list(threading._active.values())}
        told = [
            f"{names.get(ident, 'a thread')} is in {frame.f_code.co_name} "
            f"({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
            for ident, frame in sys._current_frames().items()
            if ident not in waiting
        ]
        return "; ".join(told)[:1_000]


def _understood(line):
    """The order, or {id, error}."""
    try:
        text = line.decode().strip()
        order, end = scan(text, 0)
        if end != len(text):
            raise ValueError
        id = order.get("id")
        advance_to, wall = order.get("advance_to_ms"), order.get("wall_ms")
    except (StopIteration, ValueError, AttributeError, RecursionError):
        id, advance_to, wall = 0, None, None
    if type(id) is not int:
        id = 0
    if not (_is_time(advance_to) and _is_time(wall)):
        error = "an order is {id, advance_to_ms, wall_ms}, with times in milliseconds"
        return {"id": id, "error": error}
    return {
        "id": id,
        "advance_to": round(advance_to * MILLISECOND),
        "wall": round(wall * MILLISECOND),
        "tell_found": order.get("tell_found") is True,
    }


def _is_time(value):
    return type(value) in (int, float) and 0 <= value < 1e15
