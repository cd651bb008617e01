"""Child processes that this one has begun and that are not over. Each of them has a clock of its own
on a connection of its own, and begins at the time that it is here."""

import os
import subprocess
import weakref

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


def pass_on_the_time(env):
    """For a program that begins now."""
    env["CRISP_CLOCK_ELAPSED_MS"] = repr(CORE.now / MILLISECOND)
    env["CRISP_CLOCK_NOW_MS"] = repr(CORE.wall / MILLISECOND)
