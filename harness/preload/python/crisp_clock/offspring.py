"""Child processes that this one has begun and that are not over. Each of them has a clock of its own
on a connection of its own, and begins at the time that it is here."""

import os
import subprocess
import weakref

try:
    import _posixsubprocess
except ImportError:  # Windows
    _posixsubprocess = None

from .core import CORE, MILLISECOND

_begun = weakref.WeakSet()
_forked = set()
MOST = 100


def children():
    """The ids of those that still run."""
    if not _begun and not _forked:
        return []
    ids = {each.pid for each in list(_begun) if each.returncode is None} | _forked
    return sorted(pid for pid in ids if _runs(pid))[:MOST]


def _runs(pid):
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except OSError:
        return False  # its end has been fetched


def replace():
    native = subprocess.Popen._execute_child
    native_fork = os.fork

    def _execute_child(self, *args, **keywords):
        pass_on_the_time(os.environ)
        result = native(self, *args, **keywords)
        _begun.add(self)
        return result

    def fork():
        pass_on_the_time(os.environ)
        pid = native_fork()
        if pid:
            _forked.add(pid)
        else:
            _forked.clear()
            _begun.clear()
        return pid

    subprocess.Popen._execute_child = _execute_child
    os.fork = fork
    if _posixsubprocess is not None:
        _watch_multiprocessing()


def _watch_multiprocessing():
    """`multiprocessing` starts its processes (`spawn`, `forkserver`) with what `subprocess` uses, by its
    name; `subprocess` has it by another one. Its resource tracker only waits for the end of all others:
    it keeps the machine's time."""
    native = _posixsubprocess.fork_exec

    def fork_exec(arguments, *others):
        if any("resource_tracker" in os.fsdecode(each) for each in arguments):
            channel = os.environ.pop("CRISP_CLOCK_CHANNEL", None)
            try:
                return native(arguments, *others)
            finally:
                if channel is not None:
                    os.environ["CRISP_CLOCK_CHANNEL"] = channel
        pass_on_the_time(os.environ)
        pid = native(arguments, *others)
        _forked.add(pid)
        return pid

    _posixsubprocess.fork_exec = fork_exec


def pass_on_the_time(env):
    """For a program that begins now."""
    env["CRISP_CLOCK_ELAPSED_MS"] = repr(CORE.now / MILLISECOND)
    env["CRISP_CLOCK_NOW_MS"] = repr(CORE.wall / MILLISECOND)
