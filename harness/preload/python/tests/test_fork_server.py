"""The process that is forked for each scenario: what it makes is as what is started anew."""

import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import unittest

from driver import LIMIT, PRELOAD, START, Peer

PROGRAM = """
import os, random, sys, threading, time
{imports}
print(os.environ["NAME"], sys.argv[1:], os.getpid() == os.getpgid(0), random.random())
print("json.tool" in sys.modules, "json.tool" in BEFORE)
time.sleep(1)
print(time.time())
sys.exit(int(os.environ["CODE"]))
"""


class Forks:
    """Starts a program as the process that is forked, and gives it orders."""

    def __init__(self, source, *words, wrapper=(), packages=None):
        self.folder = tempfile.TemporaryDirectory()
        self.script = os.path.join(self.folder.name, "program.py")
        # What is loaded before the program's first line was loaded ahead.
        text = "import sys\nBEFORE = set(sys.modules)\n" + source
        pathlib.Path(self.script).write_text(text)
        self.channel = socket.create_server(("127.0.0.1", 0))
        self.channel.settimeout(LIMIT)
        self.here = self.variables("first", START)
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(LIMIT)
        self.program = subprocess.Popen(
            [*wrapper, sys.executable, self.script, *words],
            env={**os.environ, **self.here, "CRISP_CLOCK_FORKS": str(os.getpid()), **(packages or {})},
            stdin=theirs,
        )
        theirs.close()
        self.file = self.socket.makefile("r")
        self.count = 0

    def variables(self, name, now, code="0"):
        return {
            "PYTHONPATH": PRELOAD,
            "PYTHONDONTWRITEBYTECODE": "1",
            "CRISP_CLOCK_CHANNEL": f"127.0.0.1:{self.channel.getsockname()[1]}",
            "CRISP_CLOCK_NONCE": f"nonce-of-{name}",
            "CRISP_CLOCK_NOW_MS": str(now),
            "CRISP_SEED": "7",
            "NAME": f"name-{name}",
            "CODE": code,
        }

    def said(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def fork(self, name, words=(), now=START, code="0"):
        """A process with these variables: what was said of it, its peer, its output."""
        there = self.variables(name, now, code)
        pairs = {key: [self.here[key], there[key]] for key in there if there[key] != self.here[key]}
        (out, out_theirs), (err, err_theirs) = os.pipe(), os.pipe()
        self.count += 1
        order = {"fork": self.count, "env": pairs, "words": list(words)}
        socket.send_fds(self.socket, [json.dumps(order).encode() + b"\n"], [out_theirs, err_theirs])
        for each in (out_theirs, err_theirs, err):
            os.close(each)
        said = self.said()
        if "pid" not in said:
            os.close(out)
            return said, None, None
        connection, _ = self.channel.accept()
        connection.settimeout(LIMIT)
        return said, Peer(connection), os.fdopen(out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()
        self.program.wait(LIMIT)
        self.channel.close()
        self.folder.cleanup()


def run(forks, name, *args, **keywords):
    """Forks one, lets it end after a second, and gives its lines."""
    said, peer, output = forks.fork(name, *args, **keywords)
    wall = keywords.get("now", START)
    peer.ask(advance_to_ms=0, wall_ms=wall)
    peer.send(advance_to_ms=1_000, wall_ms=wall + 1_000)
    lines = output.read().splitlines()
    output.close()
    ended = forks.said()
    peer.file.close()
    peer.socket.close()
    assert ended["ended"] == said["pid"] == peer.hello["pid"], (said, ended, peer.hello)
    return lines, ended["status"]


@unittest.skipUnless(sys.platform == "linux", "it forks on Linux alone")
class Forking(unittest.TestCase):
    def test_each_process_has_the_variables_words_output_date_and_chance_of_its_scenario(self):
        with Forks(PROGRAM.format(imports="import json.tool"), "--port", "20001") as forks:
            self.assertEqual(forks.said()["hello"], 1)
            lines, status = run(forks, "second", [["20001", "20002"]], code="3")
            self.assertEqual(os.waitstatus_to_exitcode(status), 3)
            chance = random.Random("7").random()
            first = f"name-second ['--port', '20002'] True {chance}"
            self.assertEqual(lines, [first, "True False", str(START / 1000 + 1)])
            # By now libraries are loaded ahead, and all else is as before.
            lines, status = run(forks, "third", [["20001", "20003"]], now=START + 5_000)
            self.assertEqual(os.waitstatus_to_exitcode(status), 0)
            first = f"name-third ['--port', '20003'] True {chance}"
            self.assertEqual(lines, [first, "True True", str(START / 1000 + 6)])

    def test_children_of_the_first_process_say_nothing_of_what_it_has_loaded(self):
        source = PROGRAM.format(imports="import json.tool").replace(
            "time.sleep(1)", "child = os.fork()\ntime.sleep(1)\nif not child: os._exit(0)\nos.waitpid(child, 0)"
        )
        with Forks(source) as forks:
            forks.said()
            said, peer, output = forks.fork("second")
            connection, _ = forks.channel.accept()  # the child's
            connection.settimeout(LIMIT)
            peers = [peer, Peer(connection)]
            for each in peers:
                each.ask(advance_to_ms=0, wall_ms=START)
            os.kill(said["pid"], 9)
            self.assertEqual(forks.said()["ended"], said["pid"])
            os.kill(peers[1].hello["pid"], 9)
            for each in peers:
                each.file.close()
                each.socket.close()
            output.close()
            said, peer, output = forks.fork("third")
            self.assertEqual(output.readline().split()[0], "name-third")
            self.assertEqual(output.readline(), "True True\n")
            os.kill(said["pid"], 9)
            peer.file.close()
            peer.socket.close()
            output.close()

    def test_what_was_killed_is_told_as_killed(self):
        with Forks(PROGRAM.format(imports="")) as forks:
            forks.said()
            said, peer, output = forks.fork("second")
            os.kill(said["pid"], 9)
            ended = forks.said()
            self.assertEqual((ended["ended"], os.WTERMSIG(ended["status"])), (said["pid"], 9))
            output.close()
            peer.file.close()
            peer.socket.close()

    def test_a_library_that_would_be_another_one_there_is_a_reason_to_refuse(self):
        for text, why in {
            "import os\nos.environ.get('NAME')": "a library looks at NAME when it is loaded",
            "import os\ndict(os.environ)": "a library looks at .* when it is loaded",
            "import time\nNOW = time.monotonic()": "lib looks at the clock",
            "import datetime\nNOW = datetime.datetime.now()": "lib looks at the clock",
            "import random\nrandom.random()": "another state of `random`",
            "import os\nFILE = os.open(os.devnull, os.O_RDONLY)": "open files",
            "import _thread, select\n_thread.start_new_thread(select.poll().poll, ())": "threads",
            "import __main__\n__main__.BEFORE": "cannot be loaded here",
            "import tempfile\nFOLDER = tempfile.mkdtemp()\nimport os; os.rmdir(FOLDER)": "temporary files",
            "import mmap\nMEMORY = mmap.mmap(-1, 8)": "shared memory",
            "import sys\nVERBOSE = '-v' in sys.argv": "a library looks at the arguments",
            "import sys\nsys.argv.append('-v')": "libraries change the arguments",
            "import threading\nif BEHIND: threading.Event().wait(1)": "waits for the clock",
            # The program's own module of this name is loaded there.
            "import aside": "aside is another module there, or none",
        }.items():
            with self.subTest(text), tempfile.TemporaryDirectory() as folder:
                # Where installed packages lie: a folder of its own, so that nothing is installed.
                behind = "import sys\nBEHIND = not getattr(sys.modules['__main__'], 'BEFORE', None)\n"
                pathlib.Path(folder, "lib.py").write_text(behind + text)
                pathlib.Path(folder, "aside.py").touch()
                source = (
                    "import sysconfig\nget_path = sysconfig.get_path\n"
                    f"sysconfig.get_path = lambda name: {folder!r} if name == 'purelib' else get_path(name)\n"
                    "sys.path.append(sysconfig.get_path('purelib'))\n"
                )
                path = {"PYTHONPATH": os.pathsep.join([PRELOAD, folder])}
                with Forks(source + PROGRAM.format(imports="import lib"), packages=path) as forks:
                    pathlib.Path(forks.folder.name, "aside.py").touch()
                    forks.here["PYTHONPATH"] = path["PYTHONPATH"]
                    forks.variables = lambda *args, f=forks: {
                        **Forks.variables(f, *args), "PYTHONPATH": path["PYTHONPATH"]
                    }
                    forks.said()
                    run(forks, "second")
                    said, _, _ = forks.fork("third", [["word", "other"]] if "arguments" in why else [])
                    self.assertRegex(said.get("refused", "forked"), why)

    def test_logging_begins_at_the_time_of_its_scenario(self):
        source = "import logging\n" + PROGRAM.format(imports="").replace(
            "print(time.time())", "print(logging.LogRecord('x', 1, '', 1, '', (), None).relativeCreated)"
        )
        with Forks(source) as forks:
            forks.said()
            for name in ("second", "third"):
                lines, _ = run(forks, name, now=START + 5_000)
                self.assertEqual(float(lines[2]), 1_000.0)

    def test_what_a_sitecustomize_of_the_program_looks_at_is_a_reason_to_refuse(self):
        for text, why in {
            "import os\nos.environ.get('NAME')": "a library looks at NAME when it is loaded",
            "import os\nos.environ.get('OTHER')\nprint('once', flush=True)": "forked",
        }.items():
            with self.subTest(text), tempfile.TemporaryDirectory() as folder:
                pathlib.Path(folder, "sitecustomize.py").write_text(text)
                path = {"PYTHONPATH": os.pathsep.join([PRELOAD, folder])}
                with Forks(PROGRAM.format(imports=""), packages=path) as forks:
                    forks.here["PYTHONPATH"] = path["PYTHONPATH"]
                    forks.variables = lambda *args, f=forks: {
                        **Forks.variables(f, *args), "PYTHONPATH": path["PYTHONPATH"]
                    }
                    forks.said()
                    if why == "forked":
                        lines, _ = run(forks, "second")
                        # It was run where the process is forked, before the program, and not again.
                        self.assertTrue(lines[0].startswith("name-second"), lines)
                    else:
                        self.assertRegex(forks.fork("second")[0].get("refused", "forked"), why)

    def test_what_something_around_the_program_made_of_its_variables_is_a_reason_to_refuse(self):
        for script, why in {
            'NAME=other exec "$@"': "NAME is not what it was at the start",
            'URL="http://$NAME/" exec "$@"': "something around the program makes variables",
            'exec "$@" "$NAME"': "something around the program makes variables",
        }.items():
            with self.subTest(script):
                with Forks(PROGRAM.format(imports=""), wrapper=("sh", "-c", script, "sh")) as forks:
                    forks.said()
                    said, _, _ = forks.fork("second")
                    self.assertRegex(said.get("refused", "forked"), why)

    def test_a_word_that_is_no_argument_of_the_program_is_a_reason_to_refuse(self):
        with Forks(PROGRAM.format(imports=""), "20001") as forks:
            forks.said()
            said, _, _ = forks.fork("second", [["20002", "20003"]])
            self.assertRegex(said.get("refused", "forked"), "20002 is not among the arguments")

    def test_a_process_below_a_wrapper_ends_at_once(self):
        with Forks(PROGRAM.format(imports=""), wrapper=("sh", "-c", '"$@"; :', "sh")) as forks:
            self.assertIsNone(forks.said())
            self.assertEqual(forks.program.wait(LIMIT), 0)


if __name__ == "__main__":
    unittest.main()
