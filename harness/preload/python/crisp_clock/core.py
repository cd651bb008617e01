"""The clock, its alarms, and the count of threads that run: all under one lock.

A thread that waits is taken out of the count by itself, and put back by what ends its wait, before
it runs. So a count of nought is a fact: no thread does anything, and none will unless an alarm rings
or something comes from outside (a file that a thread waits for; see `files.py`).
"""

import _thread
import heapq
import itertools
import time

NATIVE_TIME_NS = time.time_ns
MILLISECOND = 1_000_000
MICROSECOND = 1_000
MOST_LOOKS = 10_000
allocate_lock = _thread.allocate_lock
get_ident = _thread.get_ident


class Wait:
    """One wait of one thread."""

    __slots__ = ("thread", "wake", "over", "timed_out", "woken", "fds", "due")

    def __init__(self, wake, fds=()):
        self.thread = get_ident()
        self.wake = wake  # called when another thread ends it
        self.fds = fds  # [(descriptor, events)] that end it, too
        self.over = False
        self.timed_out = False
        self.woken = False
        self.due = None


class Core:
    """Times are whole nanoseconds: `now` since the harness's clock began, `wall` since 1970."""

    def __init__(self):
        self.guard = _thread.RLock()
        self.changed = allocate_lock()  # let go whenever the count falls to nought
        self.alarms = []  # a heap of (due, order, wait)
        self.order = itertools.count()
        self.now = 0
        self.wall = NATIVE_TIME_NS()
        self.began = 0
        self.unmoved = None  # what the program uses that keeps the machine's time
        self.begin_again()

    def begin(self, env):
        """Takes the time from the environment."""
        self.now = self.began = _nanoseconds(env.get("CRISP_CLOCK_ELAPSED_MS"), 0)
        self.wall = _nanoseconds(env.get("CRISP_CLOCK_NOW_MS"), self.wall)

    def begin_again(self):
        """One thread, nothing waits: at the start, and in a forked child."""
        self.guard = _thread.RLock()
        self.running = 1
        self.entered = 0  # how many waits have ended
        self.waits = set()
        self.idle = set()  # waits whose end by time-out means nothing
        self.looks = {}  # by thread: when it looked without waiting, and how often
        self.alarms.clear()
        if self.changed.locked():
            self.changed.release()

    def guard_fork(self):
        self.guard.acquire()

    def after_fork(self):
        self.guard.release()

    # -- Threads ---------------------------------------------------------------------------------

    def count(self, change):
        """Counts threads that begin (1) or end (-1)."""
        with self.guard:
            self.running += change
            self.entered += 1
            self._notify()

    def wait(self, wait, timeout=None, idle=False):
        """Takes the present thread out of the count, for at most so many nanoseconds."""
        with self.guard:
            if timeout is not None:
                wait.due = self.now + timeout
                if idle:
                    self.idle.add(wait)
                else:
                    heapq.heappush(self.alarms, (wait.due, next(self.order), wait))
            self.waits.add(wait)
            self.running -= 1
            self._notify()

    def end(self, wait, timed_out=False):
        """Ends a wait, for its thread or for another; says whether it had not ended before."""
        with self.guard:
            if wait.over:
                return False
            wait.over = True
            wait.timed_out = timed_out
            self.running += 1
            self.entered += 1
            self.waits.discard(wait)
            self.idle.discard(wait)
            if get_ident() != wait.thread:
                wait.woken = True
                wait.wake()
            return True

    def spins(self):
        """Counts a look of the present thread that waits for nothing; says whether there were so many
        at one time that it is waiting for time to pass."""
        look = self.looks.setdefault(get_ident(), [self.now, 0])
        if look[0] != self.now:
            look[:] = [self.now, 0]
        look[1] += 1
        return look[1] > MOST_LOOKS

    def housekeeping(self, wait, timeout):
        """Calls `wait.wake` when the clock has arrived somewhere after so many nanoseconds; no thread
        of its own waits for that."""
        with self.guard:
            wait.thread = None
            wait.due = self.now + timeout
            self.idle.add(wait)

    def forget(self, wait):
        with self.guard:
            wait.over = True
            self.idle.discard(wait)

    def end_by_time(self, wait):
        """Ends a wait whose end means nothing."""
        with self.guard:
            if wait.thread is not None:
                self.end(wait, timed_out=True)
            elif not wait.over:
                self.forget(wait)
                wait.wake()

    def _notify(self):
        if self.running == 0 and self.changed.locked():
            self.changed.release()

    # -- Time ------------------------------------------------------------------------------------

    def next_alarm(self):
        """When the next alarm is due, or None."""
        with self.guard:
            while self.alarms and self.alarms[0][2].over:
                heapq.heappop(self.alarms)
            return self.alarms[0][0] if self.alarms else None

    def ring(self):
        """Ends the wait whose alarm is due first."""
        with self.guard:
            if self.next_alarm() is not None:
                self.end(heapq.heappop(self.alarms)[2], timed_out=True)

    def move_to(self, now, wall):
        """Never back."""
        with self.guard:
            self.now = max(self.now, now)
            self.wall = wall


class Native:
    """Called as a function of C is: as an attribute of a class it does not become a method."""

    def __init__(self, function, name=None):
        self._function = function
        self.__name__ = self.__qualname__ = name or function.__name__

    def __call__(self, *args, **keywords):
        return self._function(*args, **keywords)


def rounded(seconds):
    """A length of time in nanoseconds, whole microseconds: what floats add up to is no alarm of its
    own. What is left of a wait, however little, is one: else a program that waits until a moment has
    come would wait for it for ever."""
    if seconds <= 0:
        return 0
    return max(1, round(seconds * 1_000_000)) * MICROSECOND


def _nanoseconds(text, otherwise):
    try:
        return round(float(text) * MILLISECOND)
    except (TypeError, ValueError, OverflowError):
        return otherwise


CORE = Core()
