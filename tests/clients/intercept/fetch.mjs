// What Node itself has for HTTP, with Crisp's own address: the status of each, and what becomes of another
// host.

import { get } from "node:https";
import { connect } from "node:tls";

const { CRISP_IDENTIFIER, CRISP_KEY } = process.env;
const pair = Buffer.from(`${CRISP_IDENTIFIER}:${CRISP_KEY}`).toString("base64");
const headers = { Authorization: `Basic ${pair}`, "X-Crisp-Tier": "plugin" };
const path = "/v1/plugin/connect/account";

console.log("fetch", (await fetch(`https://api.crisp.chat${path}`, { headers })).status);

await new Promise((resolve, reject) => {
  const request = get({ host: "api.crisp.chat", path, headers }, (response) => {
    console.log("https", response.statusCode);
    response.resume().on("end", resolve);
  });
  request.on("error", reject);
});

await new Promise((resolve, reject) => {
  const socket = connect({ host: "api.crisp.chat", port: 443, servername: "api.crisp.chat" }, () => {
    const lines = [`GET ${path} HTTP/1.1`, "Host: api.crisp.chat", "Connection: close"];
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write([...lines, ...fields, "", ""].join("\r\n"));
  });
  socket.once("data", (bytes) => {
    console.log("tls", bytes.toString().split(" ")[1]);
    socket.destroy();
    resolve();
  });
  socket.on("error", reject);
});
