"""What tells the time tells that of the harness."""

import json
import os
import subprocess
import sys
import unittest

from driver import PRELOAD, START, Harness

SHOW = """
import time, datetime, json
assert type(datetime.datetime.now()) is datetime.datetime and type(datetime.date.today()) is datetime.date
class Mine(datetime.datetime): pass
assert type(Mine.now()) is Mine
monotonic, counter, nanoseconds = time.monotonic(), time.perf_counter(), time.monotonic_ns()
time.sleep(1.5)
utc = datetime.timezone.utc
print(json.dumps({
    "time": time.time(), "time_ns": time.time_ns(), "clock": time.clock_gettime(time.CLOCK_REALTIME),
    "monotonic": time.monotonic() - monotonic, "counter": time.perf_counter() - counter,
    "monotonic_ns": time.monotonic_ns() - nanoseconds,
    "now": datetime.datetime.now(utc).isoformat(), "utcnow": datetime.datetime.utcnow().isoformat(),
    "today": datetime.datetime.today().isoformat(), "date": datetime.date.today().isoformat(),
    "gmtime": time.gmtime()[:6], "localtime": time.localtime()[:6], "ctime": time.ctime(),
    "strftime": time.strftime("%H:%M:%S"), "other": time.strftime("%Y", time.gmtime(0)),
    "clocked": time.clock_gettime_ns(time.CLOCK_MONOTONIC) - time.monotonic_ns(),
}), flush=True)
time.sleep(1)
"""


SQLITE = """
import json, sqlite3, time
time.sleep(1.5)
there = sqlite3.connect(":memory:")
there.execute("create table t (at default current_timestamp, day default (date('now', '-1 day')))")
there.execute("create index days on t (date(at))")
there.execute("insert into t default values")
one = lambda what: list(there.execute("select " + what).fetchone())
print(json.dumps({
    "stamped": one("at, day from t where date(at) = '2026-05-04'"),
    "keywords": one("current_date, current_time"),
    "now": one("date('now'), time('NOW'), datetime('now'), strftime('%s', 'now'), strftime('%s')"),
    "without": one("datetime()")[0],
    "moved": one("datetime('now', '+1 day')")[0],
    "other": one("date('2020-01-01', '+1 day'), date(null), datetime(7, 'unixepoch')"),
    "julian": round(one("julianday('now')")[0], 3),
}), flush=True)
time.sleep(1)
"""


class Dates(unittest.TestCase):
    def test_a_program_sees_the_date_that_the_harness_names(self):
        with Harness(SHOW, {"PYTHONWARNINGS": "ignore"}) as harness:
            harness.advance(0)
            harness.advance(1_500)
            shown = json.loads(harness.line())
        seconds = (START + 1_500) / 1000
        wanted = {
            "time": seconds,
            "time_ns": (START + 1_500) * 1_000_000,
            "clock": seconds,
            "monotonic": 1.5,
            "counter": 1.5,
            "monotonic_ns": 1_500_000_000,
            "now": "2026-05-04T10:00:01.500000+00:00",
            "utcnow": "2026-05-04T10:00:01.500000",
            "today": "2026-05-04T10:00:01.500000",
            "date": "2026-05-04",
            "gmtime": [2026, 5, 4, 10, 0, 1],
            "localtime": [2026, 5, 4, 10, 0, 1],
            "ctime": "Mon May  4 10:00:01 2026",
            "strftime": "10:00:01",
            "other": "1970",
            "clocked": 0,
        }
        self.assertEqual(shown, wanted)

    def test_sqlite_tells_the_same_date(self):
        with Harness(SQLITE) as harness:
            harness.advance(0)
            harness.advance(1_500)
            shown = json.loads(harness.line())
        wanted = {
            "stamped": ["2026-05-04 10:00:01", "2026-05-03"],
            "keywords": ["2026-05-04", "10:00:01"],
            "now": ["2026-05-04", "10:00:01", "2026-05-04 10:00:01", "1777888801", "1777888801"],
            "without": "2026-05-04 10:00:01",
            "moved": "2026-05-05 10:00:01",
            "other": ["2020-01-02", None, "1970-01-01 00:00:07"],
            "julian": 2461164.917,
        }
        self.assertEqual(shown, wanted)

    def test_the_date_may_be_set_while_what_counts_up_goes_on(self):
        source = """
import time
began, date = time.monotonic(), time.time()
time.sleep(2)
print(time.monotonic() - began, time.time() - date, flush=True)
time.sleep(1)
"""
        with Harness(source) as harness:
            harness.advance(0)
            harness.shift = -60_000
            harness.advance(2_000)
            self.assertEqual(harness.line(), "2.0 -58.0")

    def test_chance_comes_from_the_seed(self):
        def draw(seed):
            source = "import random, time\nprint(random.random(), flush=True)\ntime.sleep(1)"
            with Harness(source, {"CRISP_SEED": seed}) as harness:
                return harness.line()

        one, again, other = draw("1"), draw("1"), draw("2")
        self.assertEqual(one, again)
        self.assertNotEqual(one, other)

    def test_without_a_channel_nothing_is_replaced(self):
        source = "import sys, time, threading; print('crisp_clock' in sys.modules, time.sleep, threading.Lock)"
        run = lambda env: subprocess.check_output([sys.executable, "-c", source], env=env)
        env = {k: v for k, v in os.environ.items() if k != "CRISP_CLOCK_CHANNEL"}
        env.pop("PYTHONPATH", None)
        self.assertEqual(run({**env, "PYTHONPATH": PRELOAD}), run(env))

    def test_the_program_has_its_own_sitecustomize(self):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
                file.write("import builtins\nbuiltins.of_the_plugin = True\n")
            source = "import time, sitecustomize\nprint(of_the_plugin, sitecustomize.__file__, flush=True)\ntime.sleep(1)"
            path = os.pathsep.join([PRELOAD, folder])
            with Harness(source, {"PYTHONPATH": path}) as harness:
                self.assertEqual(harness.line(), f"True {folder}/sitecustomize.py")

    def test_a_function_of_time_is_none_of_a_class_that_has_it(self):
        source = """
import logging, os, select, sys, time
class Uses:
    monotonic, time, localtime, sleep, select = time.monotonic, time.time, time.localtime, time.sleep, select.select
logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stdout)
logging.warning("a line")
print(Uses().time(), Uses().monotonic(), Uses().localtime(0).tm_year, Uses().select([], [], [], 0), time.time.__name__)
Uses().sleep(1)
print(time.asctime(), time.strftime("%H:%M:%S"), flush=True)
"""
        with Harness(source) as harness:
            harness.advance(0)
            self.assertEqual(harness.line(), "2026-05-04 10:00:00,000 a line")
            self.assertEqual(harness.line(), f"{START / 1000} 1000.0 1970 ([], [], []) time")
            harness.order(1_000)
            harness.peers[0].send(**harness.order(0))
            self.assertEqual(harness.line(), "Mon May  4 10:00:01 2026 10:00:01")


if __name__ == "__main__":
    unittest.main()
