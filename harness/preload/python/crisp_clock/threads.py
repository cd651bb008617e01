"""The beginning and the end of threads."""

import _thread
import threading

from .core import CORE
from .locks import Lock

Thread = threading.Thread


def replace():
    for module, name in [
        (_thread, "start_new_thread"),
        (_thread, "start_joinable_thread"),
        (threading, "_start_new_thread"),
        (threading, "_start_joinable_thread"),
    ]:
        if hasattr(module, name):
            setattr(module, name, _counted(getattr(module, name)))
    _thread.start_new = _thread.start_new_thread
    _replace_join()
    _replace_shutdown()


def _counted(begin):
    """A thread counts from the moment it is asked for until it has done everything."""

    def start(function, *args, **keywords):
        # start_new_thread(f, args, kwargs) has positions, start_joinable_thread(f, handle=…) has not.
        def entry(*inner, **inner_keywords):
            try:
                function(*inner, **inner_keywords)
            finally:
                CORE.count(-1)

        CORE.count(1)
        try:
            return begin(entry, *args, **keywords)
        except BaseException:
            CORE.count(-1)
            raise

    return start


def _replace_join():
    """The end of a thread is a lock in C: wait for one that is seen, then for that one."""
    native_start, native_join, bootstrap = Thread.start, Thread.join, Thread._bootstrap

    def start(self):
        if not hasattr(self, "_clock_done"):
            self._clock_done = Lock()
            self._clock_done.acquire()
        return native_start(self)

    def _bootstrap(self):
        try:
            bootstrap(self)
        finally:
            self._clock_done.release()

    def join(self, timeout=None):
        done = getattr(self, "_clock_done", None)
        if done is None or not self._started.is_set() or self is threading.current_thread():
            return native_join(self, timeout)
        if timeout is None:
            done.acquire()
        elif not done.acquire(timeout=min(max(timeout, 0), threading.TIMEOUT_MAX)):
            return None
        done.release()
        return native_join(self)

    Thread.start, Thread.join, Thread._bootstrap = start, join, _bootstrap


def _replace_shutdown():
    """At its end the main thread waits for all others that are no daemons."""
    native = threading._shutdown

    def _shutdown():
        atexits = getattr(threading, "_threading_atexits", [])
        while atexits:
            atexits.pop()()
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        native()

    threading._shutdown = _shutdown
