// One HTTP/1.1 connection, read along: how many whole requests went out whose answers did not come
// in whole; and how many bytes went each way after an answer that switched protocols.

"use strict";

const LONGEST_LINE = 65_536;
const MOST_LINES = 1_000;

class Exchange {
  #methods = []; // of requests whose answers have not begun
  #requests = 0;
  #answers = 0;
  #out;
  #in;

  // `asked` is called for each request that has gone out whole.
  constructor(asked = () => {}) {
    this.#out = new Messages({
      head: (line) => {
        this.#methods.push(line.split(" ", 1)[0]);
        return "as it says";
      },
      end: () => {
        this.#requests += 1;
        asked();
      },
    });
    this.#in = new Messages({
      head: (line) => {
        const status = Number(line.split(" ")[1]);
        if (status === 101) {
          this.#out.end();
          return "the last";
        }
        if (status < 200) {
          return "preliminary";
        }
        const method = this.#methods.shift();
        const empty = method === "HEAD" || status === 204 || status === 304;
        return empty ? "empty" : "to the end";
      },
      end: () => (this.#answers += 1),
    });
  }

  sent(bytes) {
    this.#out.feed(bytes);
  }

  received(bytes) {
    this.#in.feed(bytes);
  }

  get waiting() {
    return Math.max(0, this.#requests - this.#answers);
  }

  // {read, written} in bytes once protocols were switched, null before.
  get switched() {
    return this.#in.isOver ? { read: this.#in.beyond, written: this.#out.beyond } : null;
  }
}

// Finds the ends of messages in a stream of bytes. `head(first line)` says how the body's length is
// known: "empty", "preliminary" (no message of its own), "as it says" (no length means no body),
// "to the end" (no length means until the connection ends) or "the last" (what follows is no message).
class Messages {
  beyond = 0; // bytes that came after the last message
  #on;
  #state = "head";
  #line = ""; // what has come of it
  #head = []; // its lines
  #left = 0; // bytes of the body or chunk

  constructor(on) {
    this.#on = on;
  }

  // What follows is no message any more.
  end() {
    this.#state = "over";
  }

  get isOver() {
    return this.#state === "over";
  }

  feed(bytes) {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < all.length; ) {
      at = this.#take(all, at);
    }
  }

  // Takes something in from there; gives where the rest begins.
  #take(bytes, at) {
    if (this.#state === "body" || this.#state === "chunk") {
      const taken = Math.min(this.#left, bytes.length - at);
      this.#left -= taken;
      if (this.#left === 0) {
        this.#bodyEnds();
      }
      return at + taken;
    }
    if (this.#state === "until the connection ends") {
      return bytes.length;
    }
    if (this.#state === "over") {
      this.beyond += bytes.length - at;
      return bytes.length;
    }
    const newline = bytes.indexOf("\n", at);
    const end = newline < 0 ? bytes.length : newline + 1;
    this.#line += bytes.latin1Slice(at, end);
    if (this.#line.length > LONGEST_LINE || this.#head.length > MOST_LINES) {
      this.#state = "until the connection ends";
    } else if (newline >= 0) {
      const line = this.#line.replace(/\r?\n$/, "");
      this.#line = "";
      this.#lineEnds(line);
    }
    return end;
  }

  #lineEnds(line) {
    if (this.#state === "size") {
      this.#left = Number.parseInt(line, 16) || 0;
      this.#state = this.#left > 0 ? "chunk" : "trailer";
      this.#left += 2; // and the end of its line
    } else if (line !== "") {
      this.#head.push(line); // a trailer, too, which is not looked at
    } else if (this.#state === "trailer") {
      this.#ends();
    } else if (this.#head.length > 0) {
      this.#headEnds(this.#head);
    }
  }

  #headEnds([first, ...fields]) {
    this.#head = [];
    const body = this.#on.head(first);
    const field = (name) => fields.find((field) => field.toLowerCase().startsWith(`${name}:`));
    const length = Number(field("content-length")?.split(":")[1] ?? Number.NaN);
    if (body === "preliminary") {
      return;
    }
    if (body === "empty") {
      this.#ends();
    } else if (body === "the last") {
      this.#ends();
      this.end();
    } else if (/chunked/i.test(field("transfer-encoding") ?? "")) {
      this.#state = "size";
    } else if (length > 0) {
      this.#state = "body";
      this.#left = length;
    } else if (length === 0 || body === "as it says") {
      this.#ends();
    } else {
      this.#state = "until the connection ends";
    }
  }

  #bodyEnds() {
    if (this.#state === "chunk") {
      this.#state = "size";
    } else {
      this.#ends();
    }
  }

  #ends() {
    this.#state = "head";
    this.#head = [];
    this.#on.end();
  }
}

module.exports = { Exchange };
