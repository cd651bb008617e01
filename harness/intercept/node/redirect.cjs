// Leads the connections of a Node program to Crisp's hosts to an emulator, without TLS and without a
// change to the program:
//
//   NODE_OPTIONS="--require …/redirect.cjs"
//   CRISP_INTERCEPT_HOSTS=api.crisp.chat,.relay.crisp.chat CRISP_INTERCEPT_TO=127.0.0.1:PORT
//
// It replaces `connect` of sockets and of node:tls, through which all libraries go: http and https, fetch,
// undici, ws. Without the two variables nothing happens at all. What goes through a proxy already, as with
// NODE_USE_ENV_PROXY since Node 22.21, is left alone: there TLS is spoken to the proxy.

"use strict";

const Module = require("node:module");
const net = require("node:net");

const LED = Symbol("led to the emulator");

function start({ CRISP_INTERCEPT_HOSTS, CRISP_INTERCEPT_TO }) {
  const patterns = CRISP_INTERCEPT_HOSTS.split(",");
  const to = address(CRISP_INTERCEPT_TO);
  const isCrisps = (host) => matches(patterns, host);
  redirectSockets(isCrisps, to);
  redirectTls(isCrisps, to);
  // `import { connect } from "node:tls"` sees the functions that are in place by now.
  Module.syncBuiltinESMExports();
}

// A socket that a program opens by itself, and over which it may begin TLS later.
function redirectSockets(isCrisps, to) {
  const { prototype } = net.Socket;
  const { connect } = prototype;
  prototype.connect = function (...args) {
    // Node's own functions hand over an array with options and listener.
    const [first] = args;
    const options = Array.isArray(first) ? first[0] : first;
    const host = typeof options === "object" ? options?.host : args[1];
    if (!isCrisps(host)) {
      return connect.apply(this, args);
    }
    this[LED] = true;
    if (Array.isArray(first)) {
      first[0] = { ...options, ...to };
    } else if (typeof options === "object") {
      args[0] = { ...options, ...to };
    } else {
      args.splice(0, 2, to.port, to.host);
    }
    return connect.apply(this, args);
  };
}

function redirectTls(isCrisps, to) {
  const tls = require("node:tls");
  const { connect } = tls;
  tls.connect = function (...args) {
    const options = tlsOptions(args);
    const { socket } = options;
    const isLed = socket ? socket[LED] : [options.host, options.servername].some(isCrisps);
    if (!isLed) {
      return connect.apply(this, args);
    }
    const plain = socket ?? net.connect({ ...socketOptions(options), ...to });
    const listener = args.at(-1);
    if (typeof listener === "function") {
      plain.once("secureConnect", listener);
    }
    return dressed(plain, options);
  };
}

// The forms are (options), (path, options), (port, host, options), each with a listener behind it.
function tlsOptions(args) {
  const given = args.find((each) => each !== null && typeof each === "object") ?? {};
  const host = given.host ?? (typeof args[1] === "string" ? args[1] : undefined);
  return { ...given, host, servername: given.servername, socket: given.socket };
}

function socketOptions({ keepAlive, keepAliveInitialDelay, noDelay, signal, timeout }) {
  return { keepAlive, keepAliveInitialDelay, noDelay, signal, timeout };
}

// What programs ask of a socket with TLS.
function dressed(socket, { ALPNProtocols, servername }) {
  const speaksHttp = [ALPNProtocols].flat().includes("http/1.1");
  Object.assign(socket, {
    encrypted: true,
    authorized: true,
    authorizationError: null,
    alpnProtocol: speaksHttp ? "http/1.1" : false,
    servername,
    getCipher: () => ({ name: "none", standardName: "none", version: "none" }),
    getPeerCertificate: () => ({}),
    getProtocol: () => null,
    getSession: () => undefined,
    getTLSTicket: () => undefined,
    isSessionReused: () => false,
    renegotiate: () => false,
    setMaxSendFragment: () => true,
    setServername: () => {},
  });
  const secure = () => socket.emit("secureConnect");
  if (socket.connecting) {
    socket.once("connect", secure);
  } else {
    process.nextTick(secure);
  }
  return socket;
}

function matches(patterns, host) {
  if (typeof host !== "string") {
    return false;
  }
  const name = host.toLowerCase().replace(/\.$/, "");
  return patterns.some((pattern) =>
    pattern.startsWith(".")
      ? name === pattern.slice(1) || name.endsWith(pattern)
      : name === pattern,
  );
}

function address(text) {
  const at = text.lastIndexOf(":");
  const host = text.slice(0, at).replace(/^\[|\]$/g, "");
  return { host, port: Number(text.slice(at + 1)), path: undefined, lookup: undefined };
}

if (process.env.CRISP_INTERCEPT_HOSTS && process.env.CRISP_INTERCEPT_TO) {
  start(process.env);
}
