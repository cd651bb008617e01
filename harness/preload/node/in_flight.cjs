// Counts the requests that wait for an answer of the emulator, and the bytes on its sockets: on each
// connection to it, what goes out and what comes in is read along, whatever library speaks. Of others it
// is known that they are open.

"use strict";

const net = require("node:net");
const { Readable } = require("node:stream");
const { Exchange } = require("./exchange.cjs");

// Takes the environment; gives functions: `count` says {asked, waiting, sockets}, `isElsewhere` whether
// the program has a connection of its own to something that is not the emulator.
function watchSockets(env) {
  const port = emulatorPort(env);
  const open = new Map(); // exchanges by socket
  const others = new Set();
  let asked = 0;
  const { prototype } = net.Socket;
  const { connect, _writeGeneric, _destroy } = prototype;

  prototype.connect = function (...args) {
    others.add(this);
    // Before any listener of the program's, and before what was written early goes out.
    this.prependOnceListener("connect", () => {
      if (this.remotePort === port && isLoopback(this.remoteAddress)) {
        others.delete(this);
        open.set(this, new Exchange(() => (asked += 1)));
      }
    });
    return connect.apply(this, args);
  };
  prototype._writeGeneric = function (several, data, encoding, callback) {
    const exchange = this.connecting ? undefined : open.get(this);
    if (exchange) {
      const chunks = several ? data : [data];
      for (const chunk of chunks) {
        exchange.sent(bytes(chunk?.chunk ?? chunk, chunk?.encoding ?? encoding));
      }
    }
    return _writeGeneric.call(this, several, data, encoding, callback);
  };
  prototype.push = function (chunk, encoding) {
    const exchange = open.get(this);
    if (exchange) {
      if (chunk === null) {
        open.delete(this); // the answer ends here, whole or not
      } else {
        exchange.received(bytes(chunk, encoding));
      }
    }
    return Readable.prototype.push.call(this, chunk, encoding);
  };
  prototype._destroy = function (...args) {
    open.delete(this);
    others.delete(this);
    return _destroy.apply(this, args);
  };

  function count() {
    const seen = { asked, waiting: 0, sockets: [] };
    for (const [socket, exchange] of open) {
      const { switched } = exchange;
      if (switched !== null) {
        seen.sockets.push({ port: socket.localPort, ...switched });
      } else if (socket._handle?.reading !== false) {
        // A connection that the program does not read from is not waited for.
        seen.waiting += exchange.waiting;
      }
    }
    return seen;
  }
  return { count, isElsewhere: () => others.size > 0 };
}

function bytes(chunk, encoding) {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
}

function emulatorPort({ CRISP_CLOCK_EMULATOR, CRISP_REST_HOST }) {
  const found = /:(\d+)\/?$/.exec(CRISP_CLOCK_EMULATOR ?? CRISP_REST_HOST ?? "");
  return found ? Number(found[1]) : null;
}

function isLoopback(address = "") {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

module.exports = { watchSockets };
