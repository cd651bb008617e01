"""Reading from sockets, with time-outs by this clock; and the requests that wait for an answer of the
emulator, and the bytes on its sockets: on each connection to it, what goes out and what comes in is
read along, whatever library speaks."""

import re
import select
import socket
import weakref

from .core import CORE, rounded
from .exchange import Exchange
from .files import READ, ready, wait_for

_open = weakref.WeakKeyDictionary()  # exchanges by socket
_port = None  # of the emulator
_asked = 0


def asked():
    """How many requests have gone out whole to the emulator."""
    return _asked


def _count():
    global _asked
    with CORE.guard:
        _asked += 1


def in_flight():
    """How many requests wait for an answer. One whose answer, or a part of it, lies there unread does
    not count."""
    with CORE.guard:
        waiting = [(each.fileno(), exchange.waiting) for each, exchange in list(_open.items())]
    waiting = {descriptor: count for descriptor, count in waiting if count and descriptor >= 0}
    if not waiting:
        return 0
    there = ready([(descriptor, select.POLLIN) for descriptor in waiting])
    return sum(count for descriptor, count in waiting.items() if descriptor not in there)


def switched():
    """The connections whose protocol was switched: by which port, and how many bytes went each way."""
    with CORE.guard:
        switched = [(each, exchange.switched) for each, exchange in list(_open.items())]
    return [
        {"port": each.getsockname()[1], "read": counts[0], "written": counts[1]}
        for each, counts in switched
        if counts is not None and each.fileno() >= 0
    ]


def replace():
    kind = socket.socket
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"):
        if hasattr(kind, name):
            setattr(kind, name, _reading(name, getattr(kind, name)))
    _replace_accept(kind)
    for name in ("send", "sendall", "sendmsg"):
        if hasattr(kind, name):
            setattr(kind, name, _writing(name, getattr(kind, name)))
    for name in ("connect", "connect_ex"):
        setattr(kind, name, _connecting(getattr(kind, name)))
    close = kind._real_close

    def _real_close(self, *args, **keywords):
        _open.pop(self, None)
        return close(self, *args, **keywords)

    kind._real_close = _real_close


def _wait_to_read(sock):
    timeout = sock.gettimeout()
    if timeout == 0 or sock.fileno() < 0:
        return
    if not wait_for([(sock.fileno(), READ)], None if timeout is None else rounded(timeout)):
        raise socket.timeout("timed out")


def _reading(name, native):
    into = name.endswith("into")
    flags_at = 0 if name in ("recv", "recvfrom") else 1

    def read(self, buffer, *args, **keywords):
        flags = keywords.get("flags", args[flags_at] if len(args) > flags_at else 0)
        if not flags & socket.MSG_DONTWAIT:
            _wait_to_read(self)
        if flags & socket.MSG_PEEK:
            return native(self, buffer, *args, **keywords)  # it will be read once more
        try:
            got = native(self, buffer, *args, **keywords)
        except BlockingIOError:
            raise
        except OSError:
            _open.pop(self, None)
            raise
        exchange = _open.get(self)
        if exchange is not None:
            first = got[0] if isinstance(got, tuple) else got
            if not first and buffer:
                _open.pop(self, None)  # the answer ends here, whole or not
            elif not into:
                exchange.received(first)
            elif name == "recv_into":
                exchange.received(memoryview(buffer).cast("B")[:got])
        return got

    read.__name__ = name
    return read


def _replace_accept(kind):
    native = kind.accept

    def accept(self):
        _wait_to_read(self)
        return native(self)

    kind.accept = accept


def _writing(name, native):
    def write(self, data, *args, **keywords):
        sent = native(self, data, *args, **keywords)
        exchange = _open.get(self)
        if exchange is not None:
            whole = b"".join(data) if name == "sendmsg" else bytes(data)
            exchange.sent(whole if sent is None else whole[:sent])
        return sent

    write.__name__ = name
    return write


def meets(env):
    """From now on the emulator is where the environment says."""
    global _port
    _port = _emulator_port(env)


def _connecting(native):
    def connect(self, address):
        if isinstance(address, tuple) and address[1] == _port and _is_loopback(address[0]):
            _open[self] = Exchange(_count)
        return native(self, address)

    return connect


def _emulator_port(env):
    found = re.search(
        r":(\d+)/?$", env.get("CRISP_CLOCK_EMULATOR") or env.get("CRISP_REST_HOST") or ""
    )
    return int(found[1]) if found else None


def _is_loopback(host):
    return host in ("localhost", "::1") or re.match(r"(::ffff:)?127\.", host) is not None
