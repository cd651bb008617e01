"""Everything that tells the time: the functions of `time`, and `datetime` where it means "now"."""

import datetime
import gc
import time

from .core import CORE, MILLISECOND, Native

# What counts up shows this when the harness's clock shows nothing: like a machine that has run for a
# while, and the same in every run.
BOOTED = 1_000_000 * MILLISECOND
SECOND = 1_000_000_000


def wall():
    return CORE.wall / SECOND


def monotonic_ns():
    return BOOTED + CORE.now


def monotonic():
    return monotonic_ns() / SECOND


def wall_ns():
    return CORE.wall


def replace():
    for name in ("monotonic", "perf_counter"):
        setattr(time, name, Native(monotonic, name))
        setattr(time, f"{name}_ns", Native(monotonic_ns, f"{name}_ns"))
    time.time = Native(wall, "time")
    time.time_ns = Native(wall_ns, "time_ns")
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _at_present(name, getattr(time, name)))
    _replace_formats()
    _replace_clock_gettime()
    _replace_datetime()

    # They have taken the function itself.
    import queue
    import threading

    threading._time = time.monotonic
    queue.time = time.monotonic


def _at_present(name, native):
    def at(seconds=None):
        return native(wall() if seconds is None else seconds)

    return Native(at, name)


def _replace_formats():
    asctime, strftime = time.asctime, time.strftime
    time.asctime = Native(lambda *at: asctime(*at or [time.localtime()]), "asctime")
    time.strftime = Native(lambda form, *at: strftime(form, *at or [time.localtime()]), "strftime")


def _replace_clock_gettime():
    if not hasattr(time, "clock_gettime"):
        return
    of_the_wall = {getattr(time, name, None) for name in ("CLOCK_REALTIME", "CLOCK_TAI")}
    counting = {
        getattr(time, name, None)
        for name in ("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_BOOTTIME")
    }
    native, native_ns = time.clock_gettime, time.clock_gettime_ns

    def clock_gettime_ns(clock):
        if clock in of_the_wall:
            return wall_ns()
        return monotonic_ns() if clock in counting else native_ns(clock)

    def clock_gettime(clock):
        known = clock in of_the_wall or clock in counting
        return clock_gettime_ns(clock) / SECOND if known else native(clock)

    time.clock_gettime, time.clock_gettime_ns = Native(clock_gettime), Native(clock_gettime_ns)


def _replace_datetime():
    """The classes stay what they are, so that nothing that asks for their type is misled; only the
    functions in them that ask the machine for the time are others."""
    import ctypes

    def now(cls, tz=None):
        return _from_wall(cls, tz)

    def utcnow(cls):
        return _from_wall(cls, datetime.timezone.utc).replace(tzinfo=None)

    def today(cls):
        return _from_wall(cls, None)

    def date_today(cls):
        return cls.fromtimestamp(wall())

    for kind, functions in (
        (datetime.datetime, (now, utcnow, today)),
        (datetime.date, (date_today,)),
    ):
        members = gc.get_referents(kind.__dict__)[0]
        for function in functions:
            name = function.__name__.replace("date_", "")
            function.__name__ = name
            members[name] = classmethod(function)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _from_wall(cls, tz):
    seconds, rest = divmod(CORE.wall, SECOND)
    return cls.fromtimestamp(seconds, tz).replace(microsecond=rest // 1000)
