"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { Exchange } = require("../exchange.cjs");

const GET = "GET / HTTP/1.1\r\nHost: it\r\n\r\n";

// What is in flight after each of these bytes came in, in pieces of a length.
function waiting(requests, answer, piece) {
  const exchange = new Exchange();
  exchange.sent(Buffer.from(requests));
  const bytes = Buffer.from(answer);
  const seen = [];
  for (let at = 0; at < bytes.length; at += piece) {
    exchange.received(bytes.subarray(at, at + piece));
    seen.push(exchange.waiting);
  }
  return seen;
}

const ANSWERS = {
  "with a length": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
  "in chunks":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nwho\r\n2\r\nle\r\n0\r\nTrailer: 1\r\n\r\n",
  "without a body": "HTTP/1.1 204 No Content\r\n\r\n",
  "after a preliminary one":
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
};

for (const [name, answer] of Object.entries(ANSWERS)) {
  test(`an answer ${name} ends with its last byte, in pieces of any length`, () => {
    for (const piece of [1, 2, 7, 1000]) {
      const seen = waiting(GET, answer, piece);
      assert.equal(seen.at(-1), 0);
      assert.ok(seen.slice(0, -1).every((count) => count === 1));
    }
  });
}

test("a request counts when it is whole", () => {
  const exchange = new Exchange();
  const request = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  exchange.sent(Buffer.from(request.slice(0, -1)));
  assert.equal(exchange.waiting, 0);
  exchange.sent(Buffer.from(request.slice(-1)));
  assert.equal(exchange.waiting, 1);
});

test("the answer to HEAD has no body, whatever its length says", () => {
  const head = GET.replace("GET", "HEAD");
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  assert.deepEqual(waiting(head + GET, answer + answer, answer.length), [1, 1]);
});

test("an answer without a length lasts until the connection ends", () => {
  assert.deepEqual(waiting(GET, "HTTP/1.1 200 OK\r\n\r\nsome{}", 1000), [1]);
});

test("a switch of protocols is an answer, and the bytes after it are counted both ways", () => {
  const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  for (const piece of [1, 7, 1000]) {
    const exchange = new Exchange();
    exchange.sent(Buffer.from(GET));
    assert.deepEqual([exchange.waiting, exchange.switched], [1, null]);
    const bytes = Buffer.from(`${answer}\u0081\u0005`, "latin1");
    for (let at = 0; at < bytes.length; at += piece) {
      exchange.received(bytes.subarray(at, at + piece));
    }
    exchange.sent(Buffer.from("\u0081\u0080\r\n\r\n", "latin1"));
    assert.equal(exchange.waiting, 0);
    assert.deepEqual(exchange.switched, { read: 2, written: 6 });
  }
});

test("what is no HTTP does no harm", () => {
  const exchange = new Exchange();
  for (let i = 0; i < 20; i++) {
    exchange.sent(Buffer.alloc(65_536, "x"));
    exchange.received(Buffer.from(`\r\n\r\n${"\u0000\n".repeat(5000)}`));
  }
  assert.equal(exchange.waiting, 0);
});
