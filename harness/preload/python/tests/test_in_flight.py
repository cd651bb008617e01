"""Requests that wait for an answer of the emulator."""

import socket
import unittest

from driver import LIMIT, Harness

LIBRARIES = {
    "urllib": """
import os, time, urllib.request
def get(): return urllib.request.urlopen(os.environ["API"]).read()
""",
    "http.client over one connection": """
import os, time, http.client
connection = http.client.HTTPConnection(os.environ["API"].split("/")[2])
def get():
    connection.request("GET", "/")
    return connection.getresponse().read()
""",
    "asyncio": """
import os, time, asyncio
async def fetch():
    host, port = os.environ["API"].split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: it\\r\\n\\r\\n")
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    body = await reader.readexactly(2)
    writer.close()
    return body
def get(): return asyncio.run(fetch())
""",
}
LOOP = "\nwhile True:\n    print(get(), flush=True)\n    time.sleep(60)\n"


class InFlight(unittest.TestCase):
    def test_requests_are_in_flight_until_their_answers_are_read(self):
        for name, library in LIBRARIES.items():
            with self.subTest(name), Harness(library + LOOP) as harness:
                for asked in range(1, 4):
                    reply = harness.settle(count=1)
                    self.assertIsNone(reply["next_ms"])
                    self.assertEqual(reply["asked"], asked)
                    harness.answer()
                    reply = harness.settle(count=0)
                    self.assertEqual(reply["next_ms"], 60_000)
                    self.assertEqual(harness.line(), "b'{}'")
                    harness.settle(60_000)

    def test_the_time_out_of_a_request_counts_by_the_clock(self):
        source = """
import os, time, urllib.request, socket
began = time.monotonic()
try: urllib.request.urlopen(os.environ["API"], timeout=5)
except (socket.timeout, OSError) as error: print(error, time.monotonic() - began, flush=True)
time.sleep(60)
"""
        with Harness(source) as harness:
            harness.settle(count=1)
            self.assertEqual(harness.advance(4_999)["next_ms"], 1)
            self.assertEqual(harness.advance(1)["in_flight"], 0)
            self.assertEqual(harness.line(), "timed out 5.0")

    def test_of_a_socket_it_is_told_how_much_was_read_and_written_until_it_has_ended(self):
        source = """
import os, socket, time
host, port = os.environ["THEIRS"].split(":")
ours = socket.create_connection((host, int(port)))
ours.sendall(b"GET / HTTP/1.1\\r\\nHost: it\\r\\nUpgrade: it\\r\\n\\r\\n")
while data := ours.recv(1_000):
    if b"ask" in data: ours.sendall(b"answer")
time.sleep(60)
"""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(LIMIT)
            place = f"127.0.0.1:{server.getsockname()[1]}"
            env = {"THEIRS": place, "CRISP_CLOCK_EMULATOR": place}
            with Harness(source, env) as harness:
                theirs, (_, port) = server.accept()
                theirs.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: it\r\n\r\nask")
                reply = harness.advance()
                while not reply["sockets"] or not reply["sockets"][0]["written"]:
                    reply = harness.advance()
                self.assertEqual(reply["sockets"], [{"port": port, "read": 3, "written": 6}])
                self.assertEqual(reply["in_flight"], 0)
                heard = b""
                while b"answer" not in heard:
                    heard += theirs.recv(1_000)
                theirs.close()
                while reply["sockets"]:
                    reply = harness.advance()
                self.assertEqual(reply["next_ms"], 60_000)

    def test_an_answer_that_is_not_read_is_not_waited_for(self):
        source = """
import os, time, http.client
connection = http.client.HTTPConnection(os.environ["API"].split("/")[2])
connection.request("GET", "/")
time.sleep(60)
"""
        with Harness(source) as harness:
            harness.settle(count=1)
            harness.answer()
            self.assertEqual(harness.settle(count=0)["next_ms"], 60_000)

    def test_a_look_at_a_connection_waits_for_nothing_and_what_it_sees_is_read_once(self):
        source = """
import os, time, http.client, socket
connection = http.client.HTTPConnection(os.environ["API"].split("/")[2])
connection.connect()
try: connection.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
except BlockingIOError: print("alive", flush=True)
connection.request("GET", "/")
connection.sock.recv(10_000, socket.MSG_PEEK)
print(connection.getresponse().read(), flush=True)
time.sleep(60)
"""
        with Harness(source) as harness:
            harness.settle(count=1)
            self.assertEqual(harness.line(), "alive")
            harness.answer()
            reply = harness.settle(count=0)
            self.assertEqual(harness.line(), "b'{}'")
            self.assertEqual((reply["asked"], reply["next_ms"]), (1, 60_000))


if __name__ == "__main__":
    unittest.main()
