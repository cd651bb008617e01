// A client of Engine.IO 3, socket.io-client 2, that authenticates by hand: each event a line of JSON.

"use strict";

const io = require("socket.io-client-2");

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY } = process.env;

const say = (line) => console.log(JSON.stringify(line));
const events = ["plugin:settings:saved", "plugin:subscription:updated", "message:send"];

const socket = io(CRISP_REST_HOST, { transports: ["websocket"], reconnectionDelay: 100 });
const authenticate = () =>
  socket.emit("authentication", {
    username: CRISP_IDENTIFIER,
    password: CRISP_KEY,
    tier: "plugin",
    events,
  });

socket.on("connect", authenticate);
socket.on("authenticated", (argument) => say({ authenticated: argument }));
socket.on("unauthorized", (argument) => say({ refused: argument.message }));
socket.on("disconnect", (why) => say({ disconnected: why }));
for (const name of events) {
  socket.on(name, (data) => say({ heard: name, data }));
}
