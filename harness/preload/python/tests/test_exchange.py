"""What is in flight on one connection."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from crisp_clock.exchange import Exchange  # noqa: E402

GET = b"GET / HTTP/1.1\r\nHost: it\r\n\r\n"
ANSWERS = {
    "with a length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;x=y\r\nwho\r\n2\r\nle\r\n0\r\nTrailer: 1\r\n\r\n",
    "without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "after a preliminary one": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
}


def waiting(requests, answer, piece):
    exchange = Exchange()
    exchange.sent(requests)
    seen = []
    for at in range(0, len(answer), piece):
        exchange.received(answer[at : at + piece])
        seen.append(exchange.waiting)
    return seen


class Exchanges(unittest.TestCase):
    def test_an_answer_ends_with_its_last_byte_in_pieces_of_any_length(self):
        for name, answer in ANSWERS.items():
            for piece in (1, 2, 7, 1000):
                with self.subTest(name, piece=piece):
                    *before, last = waiting(GET, answer, piece)
                    self.assertEqual((set(before) - {1}, last), (set(), 0))

    def test_a_request_counts_when_it_is_whole(self):
        exchange = Exchange()
        request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
        exchange.sent(request[:-1])
        self.assertEqual(exchange.waiting, 0)
        exchange.sent(request[-1:])
        self.assertEqual(exchange.waiting, 1)

    def test_the_answer_to_head_has_no_body_whatever_its_length_says(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        both = GET.replace(b"GET", b"HEAD") + GET
        self.assertEqual(waiting(both, answer + answer, len(answer)), [1, 1])

    def test_an_answer_without_a_length_lasts_until_the_connection_ends(self):
        self.assertEqual(waiting(GET, b"HTTP/1.1 200 OK\r\n\r\nsome{}", 1000), [1])

    def test_a_switch_of_protocols_is_an_answer_and_the_bytes_after_it_are_counted_both_ways(self):
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
        for piece in (1, 7, 1000):
            exchange = Exchange()
            exchange.sent(GET)
            self.assertEqual((exchange.waiting, exchange.switched), (1, None))
            data = answer + b"\x81\x05"
            for at in range(0, len(data), piece):
                exchange.received(data[at : at + piece])
            exchange.sent(b"\x81\x80\r\n\r\n")
            self.assertEqual((exchange.waiting, exchange.switched), (0, (2, 6)))

    def test_what_is_no_http_does_no_harm(self):
        exchange = Exchange()
        for _ in range(20):
            exchange.sent(b"x" * 65_536)
            exchange.received(b"\r\n\r\n" + b"\0\n" * 5_000)
        self.assertEqual(exchange.waiting, 0)


if __name__ == "__main__":
    unittest.main()
