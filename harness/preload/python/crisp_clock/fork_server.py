"""A process that stands where the program would begin, and is forked for each scenario.

Most of what a short scenario costs is the loading of libraries. This process is started as the program is; it takes the
clock, and then does what it is told on its standard input, a socket. `fork` makes a process that goes on from there with
the environment, the arguments and the output that a process started for that scenario has.

The first such process says which libraries it has loaded when it comes to rest. They are loaded here, for those that
follow: modules of Python and of installed packages, never the program's own. If anything shows that loading them here is not
the same as loading them there, this process refuses to be forked, and the harness starts a process for each scenario.
"""

import _socket
import array
import gc
import importlib.util
import json
import os
import random
import select
import sys
import sysconfig
import time
import traceback

from .core import CORE

VARIABLE = "CRISP_CLOCK_FORKS"
LONGEST_ORDER = 1 << 20
LONGEST_LIST = 4 << 20
# These replace parts of Python, and have to do so before what they replace is loaded.
NOT_AHEAD = {"gevent", "eventlet"}

native_fork = os.fork
native_poll = select.poll
native_read = os.read
native_waitpid = os.waitpid
dumps, loads = json.dumps, json.loads
ALL, WORDS = object(), object()
_tell = None  # in the first process that is forked: where it says what it has loaded


def serve(before):
    """Returns in each process that is forked: True. In a program that is to run by itself: False.
    `before` is what a program does before it loads libraries."""
    parent = os.environ.pop(VARIABLE, None)
    if parent is None:
        return False
    # Only what the harness has started itself speaks with it: a process below a wrapper is none.
    if sys.platform != "linux" or str(os.getppid()) != parent or not _sees_ends():
        os._exit(0)
    # Would be run after libraries are loaded here, and before them in a program that runs by itself.
    if importlib.util.find_spec("usercustomize") is not None:
        os._exit(0)
    try:
        _Server(before).serve()
    except BaseException:
        # Python would go on and run the program here.
        traceback.print_exc()
        os._exit(1)
    return True


def date_logs():
    """In a process that was forked: `logging` was loaded at the time of another scenario."""
    logging = sys.modules.get("logging")
    if logging is not None and hasattr(logging, "_startTime"):
        logging._startTime = time.time() if isinstance(logging._startTime, float) else time.time_ns()


def _sees_ends():
    """Whether this Python, and this kernel, tell the end of a process through a file."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class _Server:
    def __init__(self, before):
        self._harness = _socket.socket(fileno=os.dup(0))
        self._poll = native_poll()
        self._poll.register(self._harness.fileno(), select.POLLIN)
        self._running = {}  # process ids by their descriptors
        self._learns_from = None
        self._learned = b""
        self._has_learned = False
        self._read = set()  # the variables that libraries looked at when they were loaded, or WORDS
        self._refusal = self._refusal_after(before, set())

    def serve(self):
        self._say(hello=1, pid=os.getpid())
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._harness.fileno():
                    if self._obey():
                        return
                elif descriptor == self._learns_from:
                    self._learn()
                else:
                    self._tell_the_end(descriptor)

    def _say(self, **message):
        try:
            self._harness.sendall(dumps(message, separators=(",", ":")).encode() + b"\n")
        except OSError:
            os._exit(0)

    # -- Forking ---------------------------------------------------------------------------------

    def _obey(self):
        """Carries out an order; True in the process that was forked."""
        order, files = self._order()
        try:
            id, env, words = order["fork"], order["env"], order["words"]
            refusal = self._refusal or self._unlike(env, words)
            if refusal:
                self._say(fork=id, refused=refusal)
                return False
            reading, writing = (None, None) if self._has_learned else os.pipe()
            pid = native_fork()
            if pid == 0:
                self._become(env, words, files, reading, writing)
                return True
            if writing is not None:
                os.close(writing)
                self._has_learned = True
                self._learns_from = reading
                self._poll.register(reading, select.POLLIN)
        finally:
            for each in files:
                os.close(each)
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass  # it has done so itself
        descriptor = os.pidfd_open(pid)
        self._running[descriptor] = pid
        self._poll.register(descriptor, select.POLLIN)
        self._say(fork=id, pid=pid)
        return False

    def _order(self):
        """One line, and the files that came with it: standard output and standard error."""
        text, files = b"", array.array("i")
        while not text.endswith(b"\n"):
            data, ancillary, _, _ = self._harness.recvmsg(65_536, _socket.CMSG_LEN(2 * files.itemsize))
            if not data or len(text) > LONGEST_ORDER:
                os._exit(0)
            text += data
            for level, kind, numbers in ancillary:
                if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                    files.frombytes(numbers)
        return loads(text), files

    def _unlike(self, env, words):
        """Why a process that is forked here would not be as one that is started with these variables
        ({name: [here, there]}) and words of the command ([[here, there]])."""
        for name, (here, _) in env.items():
            if os.environ.get(name) != here:
                return f"{name} is not what it was at the start: something around the program changes it"
            if ALL in self._read or name in self._read:
                return f"a library looks at {name} when it is loaded"
        if words and WORDS in self._read:
            return "a library looks at the arguments when it is loaded"
        for here, _ in words:
            if sys.argv[1:].count(here) != sum(here == other for other, _ in words):
                return f"{here} is not among the arguments of the program: something around it changes them"
        then = [here for here, _ in env.values() if here and len(here) > 3]
        others = [value for name, value in os.environ.items() if name not in env]
        words = [word for word in sys.argv if word not in {here for here, _ in words}]
        for value in then:
            if any(value in other for other in others + words):
                return "something around the program makes variables or arguments of those for one scenario"
        return None

    def _become(self, env, words, files, reading, writing):
        global _tell
        os.setpgid(0, 0)
        self._harness.close()
        for descriptor in (*self._running, self._learns_from, reading):
            if descriptor is not None:
                os.close(descriptor)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, *files)):
            os.dup2(descriptor, number)
        os.close(nothing)
        for name, (_, there) in env.items():
            if there is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = there
        words = dict(words)
        for arguments in (sys.argv, getattr(sys, "orig_argv", [])):
            arguments[1:] = [words.get(word, word) for word in arguments[1:]]
        if writing is not None:
            _tell = writing, dict(os.environ), os.getpid()

    def _tell_the_end(self, descriptor):
        pid = self._running.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        self._say(ended=pid, status=native_waitpid(pid, 0)[1])

    # -- Loading ahead ---------------------------------------------------------------------------

    def _learn(self):
        data = native_read(self._learns_from, 65_536)
        self._learned += data
        if data and len(self._learned) <= LONGEST_LIST:
            return
        self._poll.unregister(self._learns_from)
        os.close(self._learns_from)
        self._learns_from = None
        if self._learned.endswith(b"\n"):
            said = loads(self._learned)
            self._refusal = self._load(said["modules"], set(said["changed"]), said["origins"])
        self._learned = b""

    def _load(self, modules, changed, origins):
        """Loads modules; why no process is to be forked from here on, or None. `origins` says where each module
        of the first process came from."""
        if NOT_AHEAD & {name.partition(".")[0] for name, _ in modules}:
            return None

        def load():
            for name, origin in modules:
                module = importlib.import_module(name)
                if getattr(module.__spec__, "origin", None) != origin:
                    raise ImportError(f"{name} is another module here")
            for name, module in list(sys.modules.items()):
                if name not in before and origins.get(name, "none") != _origin(module):
                    raise ImportError(f"{name} is another module there, or none")

        before = set(sys.modules)
        refusal = self._refusal_after(load, changed)
        gc.collect()
        gc.freeze()
        return refusal

    def _refusal_after(self, load, changed):
        """Loads something; why no process is to be forked from here on, or None. `changed` are
        variables that the program changes."""
        before = _traces()
        environ, core, words = type(os.environ), type(CORE), sys.argv
        sys.argv = watched = _watched_words(self._read)(words)
        os.environ.__class__, CORE.__class__ = _watched_classes(environ, core, self._read)
        CORE.looked_at = None
        try:
            load()
        except BaseException as error:
            return f"what is loaded there cannot be loaded here: {error!r}"
        finally:
            os.environ.__class__, CORE.__class__ = environ, core
            is_same = sys.argv is watched and list.__eq__(watched, words)
            sys.argv = words
        if not is_same:
            return "libraries change the arguments when they are loaded"
        if CORE.looked_at:
            return f"{CORE.looked_at} looks at the clock when it is loaded"
        if ALL in self._read and changed or self._read & changed:
            return "the program changes variables that libraries look at when they are loaded"
        after = _traces()
        for what in before:
            if before[what] != after[what]:
                return f"libraries leave {what} behind when they are loaded"
        return None


def _traces():
    """What loading a module may leave behind that a process which is forked would not have, or would share."""
    return {
        "threads": os.listdir("/proc/self/task"),
        "open files": sorted(os.listdir("/proc/self/fd")),
        "another state of `random`": random.getstate(),
        "temporary files": getattr(sys.modules.get("tempfile"), "_name_sequence", None) is not None,
        "shared memory": _shared_memory(),
    }


def _shared_memory():
    """How much memory is shared with other processes; semaphores lie there, too."""
    with open("/proc/self/maps") as maps:
        return sum(line.split(" ", 2)[1].endswith("s") for line in maps)


def _origin(module):
    """Where a module comes from, as far as it says."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return origin if isinstance(origin, str) else ""


def _watched_words(read):
    """A class of lists that takes note of a look at the arguments."""

    class Words(list):
        def __getitem__(self, place):
            read.add(WORDS)
            return super().__getitem__(place)

        def __iter__(self):
            read.add(WORDS)
            return super().__iter__()

        def __len__(self):
            read.add(WORDS)
            return super().__len__()

        def __contains__(self, word):
            read.add(WORDS)
            return super().__contains__(word)

    return Words


def _watched_classes(environ, core, read):
    """Classes that take note of what is looked at."""

    class Environ(environ):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

        def __iter__(self):
            read.add(ALL)
            return super().__iter__()

    def noted(name):
        def get(self):
            frame = sys._getframe(1)
            while frame.f_globals.get("__name__", "").startswith(__package__):
                frame = frame.f_back
            reader = frame.f_globals.get("__name__")
            if reader != "logging":
                self.looked_at = self.looked_at or reader
            return self.__dict__[name]

        return property(get, lambda self, value: self.__dict__.__setitem__(name, value))

    class Watched(core):
        now, wall = noted("now"), noted("wall")

        def wait(self, wait, timeout=None, idle=False):
            # The clock does not move here.
            if timeout is not None:
                self.looked_at = self.looked_at or "a library"
                raise RuntimeError("it waits for the clock when it is loaded")
            super().wait(wait, timeout, idle)

    return Environ, Watched


# -- In the first process that is forked ---------------------------------------------------------


def tell_modules():
    """Says what is loaded by now, once."""
    global _tell
    if _tell is None:
        return
    (descriptor, then, pid), _tell = _tell, None
    if pid != os.getpid():
        os.close(descriptor)  # a child of the first one has it, too
        return
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = tuple(os.path.join(folder, "") for folder in folders if folder)
    modules = []
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None)
        if name == getattr(spec, "name", None) and isinstance(origin, str):
            if origin in ("built-in", "frozen") or origin.startswith(folders):
                modules.append([name, origin])
    origins = {name: _origin(module) for name, module in list(sys.modules.items())}
    names = {*then, *os.environ}
    changed = [name for name in names if then.get(name) != os.environ.get(name)]
    with open(descriptor, "w") as pipe:
        pipe.write(dumps({"modules": modules, "changed": changed, "origins": origins}) + "\n")
