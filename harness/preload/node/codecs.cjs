// Work that Node does on threads of its own and does not list among what is active: compression,
// cryptography, questions to name servers, and compiling WebAssembly, as `fetch` does before its first
// request. Each is counted until its callback.

"use strict";

const crypto = require("node:crypto");
const dns = require("node:dns");
const zlib = require("node:zlib");

const CRYPTO = [
  "argon2",
  "checkPrime",
  "decapsulate",
  "encapsulate",
  "generateKey",
  "generateKeyPair",
  "generatePrime",
  "hkdf",
  "pbkdf2",
  "randomBytes",
  "randomFill",
  "randomInt",
  "scrypt",
  "sign",
  "verify",
];

function watchCodecs(activity) {
  for (const name of CRYPTO) {
    counted(crypto, name, activity, "crypto");
  }
  const { subtle } = crypto.webcrypto;
  for (const name of methods(Object.getPrototypeOf(subtle))) {
    settled(Object.getPrototypeOf(subtle), name, activity, "crypto");
  }
  for (const name of Object.keys(dns).filter((name) => /^(resolve|reverse)/.test(name))) {
    counted(dns, name, activity, "name look-up");
    settled(dns.promises, name, activity, "name look-up");
  }
  for (const name of ["compile", "instantiate"]) {
    settled(WebAssembly, name, activity, "WebAssembly");
  }
  const streams = ["createGunzip", "createBrotliDecompress", "createBrotliCompress"];
  for (const create of [...streams, "createZstdDecompress", "createZstdCompress"]) {
    watchStream(zlib[create], activity);
  }
}

// A function that takes a callback last.
function counted(owner, name, activity, kind) {
  const original = owner[name];
  if (typeof original !== "function") {
    return;
  }
  const replaced = function (...args) {
    const callback = args.at(-1);
    if (typeof callback !== "function") {
      return original.apply(this, args);
    }
    const ended = activity.began(kind);
    args[args.length - 1] = function (...results) {
      ended();
      return callback.apply(this, results);
    };
    try {
      return original.apply(this, args);
    } catch (error) {
      ended();
      throw error;
    }
  };
  Object.defineProperties(replaced, Object.getOwnPropertyDescriptors(original));
  owner[name] = replaced;
}

// A function that gives a promise.
function settled(owner, name, activity, kind) {
  const original = owner[name];
  if (typeof original !== "function") {
    return;
  }
  owner[name] = {
    [name](...args) {
      const ended = activity.began(kind);
      const promise = original.apply(this, args);
      promise.then(ended, ended);
      return promise;
    },
  }[name];
}

function methods(prototype) {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
}

// What all streams of one kind share is the machine behind them: it takes a piece of work (`write`)
// and calls back when it is done, or its `onerror`.
function watchStream(create, activity) {
  if (!create) {
    return;
  }
  const example = create();
  const machine = Object.getPrototypeOf(example._handle);
  example.destroy();
  const { init, write } = machine;
  const ends = new WeakMap();
  const end = (handle) => {
    ends.get(handle)?.();
    ends.delete(handle);
  };
  machine.init = function (...args) {
    const at = args.findIndex((arg) => typeof arg === "function");
    if (at >= 0) {
      const callback = args[at];
      args[at] = function (...results) {
        end(this);
        return callback.apply(this, results);
      };
    }
    return init.apply(this, args);
  };
  machine.write = function (...args) {
    const { onerror } = this;
    if (onerror && !onerror.counted) {
      this.onerror = function (...results) {
        end(this);
        return onerror.apply(this, results);
      };
      this.onerror.counted = true;
    }
    ends.set(this, activity.began("compression"));
    return write.apply(this, args);
  };
}

module.exports = { watchCodecs };
