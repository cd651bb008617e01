"""SQLite, whose functions of dates ask the machine what time it is: for each connection they are made anew, and say
what they would at the harness's date."""

import datetime

from .core import CORE, Native

# Each with arguments that it takes, for a look whether this SQLite has it, and which of these are times.
FUNCTIONS = {
    "date": (("now",), (0,)),
    "time": (("now",), (0,)),
    "datetime": (("now",), (0,)),
    "julianday": (("now",), (0,)),
    "unixepoch": (("now",), (0,)),
    "strftime": (("%s", "now"), (1,)),
    "timediff": (("now", "now"), (0, 1)),
}
KEYWORDS = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}


def follow(module):
    """Has the connections of a module of SQLite follow."""
    native = module.connect
    plain = native(":memory:")
    known = {name: it for name, it in FUNCTIONS.items() if _has(plain, name, it[0], module.Error)}
    plain.close()

    def connect(*args, **keywords):
        connection = native(*args, **keywords)
        # Another one has the functions as they were.
        plain = native(":memory:", check_same_thread=False)
        for name, (_, times) in known.items():
            function = _at_present(plain, name, times)
            connection.create_function(name, -1, function, deterministic=True)
        for name, function in KEYWORDS.items():
            said = _at_present(plain, function, (0,))
            connection.create_function(name, 0, said, deterministic=True)
        return connection

    module.connect = Native(connect, "connect")


def _has(plain, name, example, error):
    try:
        plain.execute(_call(name, example), example)
    except error:
        return False
    return True


def _call(name, arguments):
    return f"select {name}({', '.join('?' * len(arguments))})"


def _at_present(plain, name, times):
    def at_present(*arguments):
        # Where no time is named, it is now.
        filled = list(arguments) + ["now"] * (times[0] + 1 - len(arguments))
        for place in times:
            said = filled[place] if place < len(filled) else None
            if isinstance(said, str) and said.lower() == "now":
                filled[place] = _now()
        return plain.execute(_call(name, filled), filled).fetchone()[0]

    return at_present


def _now():
    milliseconds = CORE.wall // 1_000_000
    date = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return date.isoformat(" ", "milliseconds")
