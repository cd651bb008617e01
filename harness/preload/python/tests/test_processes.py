"""The channel, and the processes of a program."""

import os
import sys
import unittest
import urllib.request

from driver import LIMIT, START, Harness


class Processes(unittest.TestCase):
    def test_hello_says_who_speaks_and_what_is_no_order_is_refused(self):
        with Harness("import time\nwhile True: time.sleep(1)") as harness:
            peer = harness.peers[0]
            hello = peer.hello
            version = ".".join(map(str, sys.version_info[:3]))
            self.assertEqual((hello["hello"], hello["nonce"]), (1, "a nonce"))
            self.assertEqual((hello["runtime"], hello["version"]), ("python", version))
            self.assertEqual((hello["pid"], hello["parent"]), (harness.program.pid, os.getpid()))
            for order in (
                {},
                {"advance_to_ms": "1", "wall_ms": 1},
                {"advance_to_ms": True, "wall_ms": 1},
                {"advance_to_ms": -1, "wall_ms": 1},
                {"advance_to_ms": 1e300, "wall_ms": 1},
            ):
                self.assertIn("advance_to_ms", peer.ask(**order)["error"])
            for line in (b"{\n", b"[1]\n", b"[" * 50_000 + b"\n", b"\xff\n"):
                peer.socket.sendall(line)
                self.assertIn("error", peer.next())
            self.assertEqual(harness.advance()["next_ms"], 1_000)

    def test_a_clock_is_never_set_back(self):
        with Harness("import time\nwhile True: time.sleep(1)") as harness:
            harness.advance(500)
            reply = harness.peers[0].ask(advance_to_ms=100, wall_ms=START)
            self.assertEqual((reply["now_ms"], reply["next_ms"]), (500, 500))

    def test_a_line_that_is_too_long_closes_the_channel_and_the_program_goes_on(self):
        source = """
from http.server import HTTPServer, BaseHTTPRequestHandler
class Handler(BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(204); self.end_headers()
    log_message = lambda *_: None
server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
        with Harness(source) as harness:
            port = harness.line()
            harness.peers[0].socket.sendall(b"x" * 140_000)
            with self.assertRaises((EOFError, ConnectionError)):
                harness.peers[0].next()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=LIMIT) as answer:
                self.assertEqual(answer.status, 204)

    def test_a_child_reports_by_itself_and_begins_at_the_time_that_it_is(self):
        child = "import time; time.sleep(0.05); print(time.time(), flush=True)"
        sources = {
            "begun": f"import time, subprocess, sys\ntime.sleep(0.1)\nsubprocess.run([sys.executable, '-c', {child!r}])",
            "forked": f"import time, os\ntime.sleep(0.1)\npid = os.fork()\nif not pid: exec({child!r}); os._exit(0)\nos.waitpid(pid, 0)",
        }
        for name, source in sources.items():
            with self.subTest(name), Harness(source + "\ntime.sleep(100)") as harness:
                reply = harness.advance(100)
                child_peer = harness.meet()
                self.assertEqual(reply["children"], [child_peer.hello["pid"]])
                self.assertEqual(child_peer.hello["parent"], harness.program.pid)
                self.assertEqual(child_peer.ask(**harness.order())["next_ms"], 50)
                # First the one that has no alarm until then.
                order = harness.order(50)
                harness.peers[0].ask(**order)
                child_peer.send(**order)
                self.assertEqual(harness.line(), str((START + 150) / 1000))
                reply = harness.advance(0)
                while reply["children"]:
                    reply = harness.advance(0)
                self.assertEqual(reply["next_ms"], 100_000)
                child_peer.file.close()
                child_peer.socket.close()

    def test_what_keeps_the_machine_s_time_is_told(self):
        source = """
import signal, time
time.sleep(1)
signal.alarm(0)
time.sleep(1)
signal.setitimer(signal.ITIMER_REAL, 1000)
time.sleep(1)
"""
        with Harness(source) as harness:
            told = [harness.advance(ms)["unmoved"] for ms in (500, 1_000, 1_000)]
            self.assertEqual(told, [None, None, "signal.setitimer"])

    def test_a_program_that_does_not_come_to_rest_says_why_each_second(self):
        with Harness("def spins():\n    while True: pass\nspins()") as harness:
            harness.peers[0].send(**harness.order())
            late = harness.peers[0].next()
            # It may be on its way there still.
            while late["at_rest"] is False and "is in spins" not in late["because"]:
                late = harness.peers[0].next()
            self.assertIs(late["at_rest"], False)
            self.assertIn("MainThread is in spins", late["because"])

    def test_the_count_of_what_was_done_stays_the_same_while_nothing_is_done(self):
        source = "import time, threading\nthreading.Thread(target=time.sleep, args=(9,)).start()\nwhile True: time.sleep(1)"
        with Harness(source) as harness:
            seen = {harness.advance(0)["entered"] for _ in range(5)}
            self.assertEqual(len(seen), 1)
            self.assertGreater(harness.advance(1_000)["entered"], seen.pop())


if __name__ == "__main__":
    unittest.main()
