"""What waits in Python waits by the clock."""

import unittest

from driver import Harness

AT = "import time\nbegan = time.monotonic()\nat = lambda: round((time.monotonic() - began) * 1000)\n"


def printed(source, ms, count):
    """What a program prints until the clock has moved by so much."""
    with Harness(AT + "import functools\nprint = functools.partial(print, flush=True)\n" + source) as harness:
        try:
            harness.advance(ms)
        except EOFError:
            pass  # it has ended by itself
        return [harness.line() for _ in range(count)]


class Waits(unittest.TestCase):
    def test_sleeps_end_each_at_its_own_time(self):
        source = """
import threading
def sleeps(name, seconds):
    time.sleep(seconds)
    print(name, at())
for name, seconds in [("late", 0.03), ("early", 0.01), ("after it", 0.01)]:
    threading.Thread(target=sleeps, args=(name, seconds)).start()
"""
        self.assertEqual(printed(source, 45, 3), ["early 10", "after it 10", "late 30"])

    def test_the_reply_says_when_the_next_alarm_is_due(self):
        with Harness("import time\nwhile True: time.sleep(20)") as harness:
            self.assertEqual(harness.advance()["next_ms"], 20_000)
            self.assertEqual(harness.advance(5_000)["next_ms"], 15_000)
            self.assertEqual(harness.advance(15_000)["next_ms"], 20_000)

    def test_an_order_tells_on_request_what_was_found_before_the_clock_moved(self):
        source = """
import os, time, urllib.request
time.sleep(0.01)
time.sleep(0.02)
urllib.request.urlopen(os.environ["API"])
"""
        with Harness(source) as harness:
            order = harness.order(30)
            reply = harness.peers[0].ask(**order, tell_found=True)
            found = reply["found"]
            self.assertLess(found["entered"], reply["entered"])
            members = ["now_ms", "next_ms", "in_flight", "asked"]
            self.assertEqual([found[member] for member in members], [0, 10, 0, 0])
            self.assertEqual([reply[member] for member in members], [30, None, 1, 1])
            self.assertNotIn("found", harness.peers[0].ask(**order))

    def test_locks_conditions_events_and_queues_time_out(self):
        source = """
import threading, queue
lock = threading.Lock()
print(lock.acquire(), lock.acquire(timeout=0.5), at())
print(threading.Event().wait(0.25), at())
print(threading.Semaphore(0).acquire(timeout=1), at())
condition = threading.Condition()
with condition: print(condition.wait_for(lambda: False, 2), at())
try: queue.Queue().get(timeout=3)
except queue.Empty: print("empty", at())
try: queue.SimpleQueue().get(timeout=1)
except queue.Empty: print("empty", at())
threading.Timer(4, lambda: print("timer", at())).start()
"""
        wanted = ["True False 500", "False 750", "False 1750", "False 3750", "empty 6750"]
        wanted += ["empty 7750", "timer 11750"]
        self.assertEqual(printed(source, 20_000, len(wanted)), wanted)

    def test_a_thread_that_is_released_runs_before_the_reply(self):
        source = """
import threading, queue
jobs, event, lock = queue.Queue(), threading.Event(), threading.RLock()
def works():
    while True:
        jobs.get()
        event.set()
def follows():
    event.wait()
    with lock: sum(range(1_000_000))
    time.sleep(7)
threading.Thread(target=works, daemon=True).start()
threading.Thread(target=follows).start()
time.sleep(1)
with lock: jobs.put(1); sum(range(1_000_000))
time.sleep(100)
"""
        with Harness("import time\n" + source) as harness:
            for _ in range(5):
                harness.advance(0)
            self.assertEqual(harness.advance(1_000)["next_ms"], 7_000)

    def test_a_lock_is_handed_over_in_order_and_kept_by_one(self):
        source = """
import threading
lock, inside, most = threading.Lock(), 0, 0
def enters(name):
    global inside, most
    with lock:
        inside += 1; most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
    done.append(name)
done = []
threads = [threading.Thread(target=enters, args=(n,)) for n in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(done == list(range(20)), most, at(), lock.locked())
"""
        self.assertEqual(printed(source, 1_000, 1), ["True 1 200 False"])

    def test_joins_wait_for_threads_and_time_out(self):
        source = """
import threading
thread = threading.Thread(target=time.sleep, args=(2,))
thread.start(); thread.join(0.5); print(thread.is_alive(), at())
thread.join(); print(thread.is_alive(), at())
threading.Thread(target=lambda: (time.sleep(3), print("the last", at()))).start()
"""
        self.assertEqual(
            printed(source, 10_000, 3), ["True 500", "False 2000", "the last 5000"]
        )

    def test_pools_and_their_end(self):
        source = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(3) as pool:
    print(list(pool.map(lambda n: (time.sleep(n), n)[1], [1, 2, 3])), at())
ThreadPoolExecutor(1).submit(lambda: (time.sleep(1), print("left", at())))
"""
        self.assertEqual(printed(source, 10_000, 2), ["[1, 2, 3] 3000", "left 4000"])

    def test_asyncio_sleeps_times_out_and_waits_for_threads(self):
        source = """
import asyncio
async def main():
    async def every(seconds, times):
        for _ in range(times): await asyncio.sleep(seconds)
        print(seconds, at())
    await asyncio.gather(every(0.5, 3), every(0.25, 4))
    try: await asyncio.wait_for(asyncio.Event().wait(), 2)
    except asyncio.TimeoutError: print("timed out", at())
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, time.sleep, 5)
    print("executor", at())
asyncio.run(main())
"""
        wanted = ["0.25 1000", "0.5 1500", "timed out 3500", "executor 8500"]
        self.assertEqual(printed(source, 20_000, len(wanted)), wanted)

    def test_select_poll_and_pipes(self):
        source = """
import select, os, selectors, threading, socket
out, into = os.pipe()
print(select.select([out], [], [], 1.5), at())
poll = select.poll(); poll.register(out, select.POLLIN); print(poll.poll(500), at())
threading.Timer(1, os.write, (into, b"word")).start()
print(os.read(out, 10), at())
one, other = socket.socketpair(); one.settimeout(2)
try: one.recv(1)
except socket.timeout as error: print(error, at())
threading.Timer(1, other.sendall, (b"x",)).start()
print(one.recv(1), at())
"""
        wanted = ["([], [], []) 1500", "[] 2000", "b'word' 3000", "timed out 5000", "b'x' 6000"]
        self.assertEqual(printed(source, 20_000, len(wanted)), wanted)

    def test_what_is_left_of_a_wait_however_little_ends(self):
        source = """
import queue, threading, time
until = time.monotonic() + 0.1 + 0.2
time.sleep(0.1), time.sleep(0.2)
while (left := until + 1e-10 - time.monotonic()) > 0:
    time.sleep(left)
condition = threading.Condition()
with condition:
    condition.wait_for(lambda: False, 1 / 3)
try:
    queue.Queue().get(timeout=1e-9)
except queue.Empty:
    print("over")
"""
        self.assertEqual(printed(source, 10_000, 1), ["over"])

    def test_a_program_that_looks_until_a_moment_has_come_sees_it_come(self):
        source = """
import select, socketserver, time
until = time.monotonic() + 2e-6
while time.monotonic() < until:
    select.select([], [], [], 0)
while time.monotonic() < until + 2e-6:
    select.poll().poll(0)
print("over")
server = socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)
server.timeout = 0.01
server.handle_timeout = lambda: print("none came")
server.handle_request()
"""
        self.assertEqual(printed(source, 10_000, 2), ["over", "none came"])

    def test_a_server_that_does_something_of_the_program_s_each_time_waits_like_any_other(self):
        source = """
import socketserver, time
class Server(socketserver.TCPServer):
    def service_actions(self):
        print("turn")
        if time.monotonic() - began > 1.9:
            raise SystemExit
began = time.monotonic()
Server(("127.0.0.1", 0), socketserver.BaseRequestHandler).serve_forever(1)
"""
        self.assertEqual(printed(source, 10_000, 2), ["turn", "turn"])

    def test_a_server_that_only_looks_whether_to_stop_sets_no_alarm(self):
        source = """
import threading, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"here")
    log_message = lambda *_: None
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Timer(60, server.shutdown).start()
print(server.server_port, flush=True)
server.serve_forever()
print("over", flush=True)
time.sleep(1)
"""
        import urllib.request

        with Harness("import time\n" + source) as harness:
            port = harness.line()
            self.assertEqual(harness.advance(0)["next_ms"], 60_000)
            for _ in range(2):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}") as answer:
                    self.assertEqual(answer.read(), b"here")
            self.assertEqual(harness.advance(30_000)["next_ms"], 30_000)
            harness.advance(30_000)
            harness.advance(1)
            self.assertEqual(harness.line(), "over")


if __name__ == "__main__":
    unittest.main()
