"""Waiting for files (sockets, pipes, the ends of processes): select, poll, epoll, os.read, waitpid.

A thread waits in the machine's own `poll` for its files and for a pipe through which an alarm ends
the wait. Whether any of the files is ready is looked at before the program counts as at rest.
"""

import functools
import os
import select
import selectors
import sys
import threading

from .core import CORE, MICROSECOND, Native, Wait, rounded

native_poll = select.poll
native_epoll = getattr(select, "epoll", None)
native_select = select.select
native_read = os.read
native_waitpid = os.waitpid
READ = select.POLLIN | select.POLLPRI | select.POLLHUP | select.POLLERR

# Between the wait of a server and what waits for it here.
BETWEEN = (__name__, "selectors", Native.__module__)


class _Pipe:
    """Ends a thread's wait for files."""

    def __init__(self):
        self.out, self.into = os.pipe()
        self.process = os.getpid()

    def wake(self):
        os.write(self.into, b"\0")

    def drain(self):
        native_read(self.out, 1)

    def __del__(self):
        for descriptor in (self.out, self.into):
            try:
                os.close(descriptor)
            except (OSError, TypeError):
                pass


_of_thread = threading.local()


def _pipe():
    pipe = getattr(_of_thread, "pipe", None)
    if pipe is None or pipe.process != os.getpid():
        pipe = _of_thread.pipe = _Pipe()
    return pipe


def wait_for(fds, timeout=None, idle=False):
    """Waits until one of `[(descriptor, events)]` is ready; says whether one is. `timeout` is in
    nanoseconds."""
    poll = native_poll()
    for descriptor, events in fds:
        poll.register(descriptor, events)
    if poll.poll(0):
        return True
    if timeout is not None and timeout <= 0:
        return False
    pipe = _pipe()
    poll.register(pipe.out, select.POLLIN)
    wait = Wait(pipe.wake, fds)
    CORE.wait(wait, timeout, idle)
    try:
        poll.poll()
    finally:
        CORE.end(wait)
        if wait.woken:
            pipe.drain()
    return not wait.timed_out


def any_ready(waits):
    """Whether a file is ready that one of these waits is for."""
    wanted = {}
    for wait in waits:
        for descriptor, events in wait.fds:
            wanted[descriptor] = wanted.get(descriptor, 0) | events
    return bool(ready(wanted.items()))


def ready(fds):
    """Those of `(descriptor, events)` that are ready now."""
    poll = native_poll()
    for descriptor, events in fds:
        poll.register(descriptor, events)
    return [found for found, events in poll.poll(0) if not events & select.POLLNVAL]


def _look_and_wait(look, fds, timeout):
    """What `look` finds at once or after a wait for these files, of at most so many seconds. A program
    that looks again and again until a moment has come (`timeout` 0, as `socketserver`'s
    `handle_request` with what is left of its own) waits for it: while the clock stands it would never
    come."""
    if timeout == 0:
        found = look()
        if any(found) or not CORE.spins():
            return found
    limit = None if timeout is None else rounded(timeout) or MICROSECOND
    wait_for(fds, limit, _keeps_house())
    return look()


def _keeps_house():
    """Whether a server of `socketserver` waits that wakes up now and then only to see whether it is to
    stop. That is no alarm: such a wait ends, if time has passed it, when the clock has arrived
    somewhere. One that does something of the program's each time (`service_actions`), or that waits
    for one request (`handle_request`), waits like any other."""
    frame = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") in BETWEEN:
        frame = frame.f_back
    if frame is None or frame.f_code.co_name != "serve_forever":
        return False
    if frame.f_globals.get("__name__") != "socketserver":
        return False
    actions = getattr(frame.f_locals.get("self"), "service_actions", None)
    return getattr(actions, "__module__", None) == "socketserver"


class Poll:
    """Like what `select.poll()` gives."""

    def __init__(self):
        self._poll = native_poll()
        self._wanted = {}

    def register(self, file, eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT):
        self._poll.register(file, eventmask)
        self._wanted[_descriptor(file)] = eventmask

    def modify(self, file, eventmask):
        self._poll.modify(file, eventmask)
        self._wanted[_descriptor(file)] = eventmask

    def unregister(self, file):
        self._poll.unregister(file)
        self._wanted.pop(_descriptor(file), None)

    def poll(self, timeout=None):
        if timeout is not None and timeout < 0:
            timeout = None
        seconds = None if timeout is None else timeout / 1000
        look = functools.partial(self._poll.poll, 0)
        return _look_and_wait(look, list(self._wanted.items()), seconds)


class Epoll:
    """Like `select.epoll`. Such an object is a file itself, ready when one of its files is."""

    def __init__(self, *args, **keywords):
        self._epoll = native_epoll(*args, **keywords)

    @classmethod
    def fromfd(cls, descriptor):
        made = cls.__new__(cls)
        made._epoll = native_epoll.fromfd(descriptor)
        return made

    def poll(self, timeout=None, maxevents=-1):
        if timeout is not None and timeout < 0:
            timeout = None
        look = functools.partial(self._epoll.poll, 0, maxevents)
        return _look_and_wait(look, [(self._epoll.fileno(), READ)], timeout)

    def __getattr__(self, name):
        return getattr(self._epoll, name)

    def __enter__(self):
        self._epoll.__enter__()
        return self

    def __exit__(self, *_):
        self._epoll.close()


def select_(rlist, wlist, xlist, timeout=None):
    """Like `select.select`."""
    rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
    look = functools.partial(native_select, rlist, wlist, xlist, 0)
    found = look()  # refuses what cannot be waited for
    if any(found):
        return found
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    fds = {}
    for files, events in ((rlist, READ), (wlist, select.POLLOUT), (xlist, select.POLLPRI)):
        for file in files:
            descriptor = _descriptor(file)
            fds[descriptor] = fds.get(descriptor, 0) | events
    return _look_and_wait(look, list(fds.items()), timeout)


def read(descriptor, length):
    """Like `os.read`."""
    if os.get_blocking(descriptor):
        wait_for([(descriptor, READ)])
    return native_read(descriptor, length)


def waitpid(pid, options):
    """Like `os.waitpid`."""
    if pid > 0 and not options & os.WNOHANG and hasattr(os, "pidfd_open"):
        try:
            process = os.pidfd_open(pid)
        except OSError:
            return native_waitpid(pid, options)  # in Python's own words
        try:
            wait_for([(process, READ)])
        finally:
            os.close(process)
    return native_waitpid(pid, options)


def _descriptor(file):
    return file if isinstance(file, int) else file.fileno()


def replace():
    select.poll = Poll
    select.select = Native(select_, "select")
    os.read = Native(read)
    os.waitpid = Native(waitpid)
    selectors.PollSelector._selector_cls = Poll
    selectors.SelectSelector._select = staticmethod(select_)
    if native_epoll is not None:
        select.epoll = Epoll
        selectors.EpollSelector._selector_cls = Epoll
    else:
        selectors.DefaultSelector = selectors.PollSelector  # and none in C
