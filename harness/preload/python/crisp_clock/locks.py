"""Locks and sleep. What `threading` and `queue` build on locks (conditions, events, semaphores,
barriers, timers, queues) waits by this clock, too."""

import _thread
import threading
import time
from collections import deque

from .core import CORE, Native, Wait, allocate_lock, rounded

native_sleep = time.sleep


class Lock:
    """Like `threading.Lock`; a thread that waits for it is known to wait."""

    __slots__ = ("_lock", "_queue", "__weakref__")

    def __init__(self):
        self._lock = allocate_lock()
        self._queue = deque()

    def acquire(self, blocking=True, timeout=-1):
        if timeout != -1:
            if not blocking:
                raise ValueError("can't specify a timeout for a non-blocking call")
            if timeout < 0:
                raise ValueError("timeout value must be a non-negative number")
            if timeout > threading.TIMEOUT_MAX:
                raise OverflowError("timeout value is too large")
        if self._lock.acquire(False):
            return True
        if not blocking or timeout == 0:
            return False
        return self._wait(None if timeout == -1 else rounded(timeout))

    def _wait(self, timeout):
        mine = allocate_lock()
        mine.acquire()
        wait = Wait(mine.release)
        with CORE.guard:
            if self._lock.acquire(False):
                return True
            self._queue.append(wait)
            CORE.wait(wait, timeout)
        try:
            mine.acquire()
        except BaseException:  # a signal's handler has raised
            if CORE.end(wait) or wait.timed_out:
                self._leave(wait)
            else:
                self.release()  # it was handed over
            raise
        if wait.timed_out:
            self._leave(wait)
        return not wait.timed_out

    def _leave(self, wait):
        with CORE.guard:
            if wait in self._queue:
                self._queue.remove(wait)

    def release(self):
        with CORE.guard:
            while self._queue:
                if CORE.end(self._queue.popleft()):
                    return  # handed over: it stays locked
            self._lock.release()

    def locked(self):
        return self._lock.locked()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def _at_fork_reinit(self):
        self._lock._at_fork_reinit()
        self._queue.clear()

    def __repr__(self):
        state = "locked" if self.locked() else "unlocked"
        return f"<{state} {type(self).__module__}.{type(self).__name__} object at {hex(id(self))}>"

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked


Lock.__module__ = "_thread"
Lock.__name__ = Lock.__qualname__ = "lock"


def sleep(seconds):
    """Like `time.sleep`."""
    # Refuses what is no length of time in Python's own words.
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        return native_sleep(seconds)
    mine = allocate_lock()
    mine.acquire()
    wait = Wait(mine.release)
    CORE.wait(wait, rounded(seconds))
    try:
        mine.acquire()
    finally:
        CORE.end(wait)


def replace():
    _thread.allocate_lock = Lock
    threading._allocate_lock = Lock
    threading.Lock = Lock
    threading._CRLock = None  # then `RLock()` is made of locks, in Python
    threading._PyRLock.__module__ = "_thread"  # trio refuses another
    time.sleep = Native(sleep)

    import queue

    # The one in C waits where it is not seen.
    queue.SimpleQueue = queue._PySimpleQueue
