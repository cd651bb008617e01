"""Requests that wait for an answer of the emulator."""

import unittest

from driver import Harness

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
                for _ in range(3):
                    reply = harness.settle(count=1)
                    self.assertIsNone(reply["next_ms"])
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

    def test_an_answer_that_nobody_reads_is_not_waited_for(self):
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


if __name__ == "__main__":
    unittest.main()
