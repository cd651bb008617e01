#!/usr/bin/env python3
"""What the README's comparison says of others, as far as it can be asked over the wire.

    python3 benches/peers/claims.py

Each claim starts the peer with the little configuration that the claim needs, and prints what
came. Run `run.py` once before: it installs the peers.
"""

import json
import socket
import tempfile
from pathlib import Path

from measure import Running, is_whole
from peers import Peer, written

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = ROOT / "target/peers/node/node_modules"


def ask(port, method, path, body="", head=""):
    """What came: a status and the end of the body, or how the connection ended."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
        text = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{head}"
        text += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        answer = b""
        try:
            stream.sendall(text.encode())
            while not is_whole(answer) and (piece := stream.recv(65536)):
                answer += piece
        except ConnectionResetError:
            return "reset"
    if not answer:
        return "closed without an answer"
    head, _, body = answer.partition(b"\r\n\r\n")
    return f"{head.split(b' ')[1].decode()} {' '.join(body[-60:].decode().split())}"


def claim(name, script, what, *asked):
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(name, MODULES, lambda port: script(folder, port), asked[0][1])
        try:
            with Running(peer, folder) as running:
                came = [ask(running.port, *one) for one in asked]
        except RuntimeError as error:
            came = [str(error)]
    print(f"{name}: {what}")
    for (method, path, *_), one in zip(asked, came):
        print(f"  {method} {path}: {one}")


def node(script, *words):
    return ["node", str(MODULES / script), *words]


def json_server(folder, port):
    file = written(folder, "db.json", {"websites": [{"id": 1, "message": "old"}]})
    return node("json-server/lib/cli/bin.js", "--host", "127.0.0.1", "--port", str(port), "--quiet", file)


def prism(folder, port):
    schema = {"type": "object", "properties": {"message": {"type": "string"}}}
    content = {"application/json": {"schema": schema, "example": {"message": "old"}}}
    answers = {"200": {"description": "", "content": content}, "503": {"description": ""}}
    route = {"get": {"responses": answers}, "put": {"requestBody": {"content": content}, "responses": answers}}
    file = written(folder, "api.json", {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/w": route}})
    return node("@stoplight/prism-cli/dist/index.js", "mock", "-p", str(port), "-h", "127.0.0.1", file)


def mountebank(folder, port):
    old = {"is": {"body": "old"}, "repeat": 2}
    stub = {"predicates": [{"equals": {"path": "/w"}}], "responses": [old, {"fault": "CONNECTION_RESET_BY_PEER"}]}
    file = written(folder, "i.json", {"imposters": [{"port": port, "protocol": "http", "stubs": [stub]}]})
    return node("mountebank/bin/mb", "start", "--port", str(port + 1), "--configfile", file, "--nologfile", "--localOnly")


def wiremock(folder, port):
    for name, path, answer in [("w", "/w", {"body": "old"}), ("r", "/r", {"fault": "CONNECTION_RESET_BY_PEER"})]:
        mapping = {"request": {"method": "ANY", "urlPath": path}, "response": answer}
        written(folder, f"mappings/{name}.json", mapping)
    jar = MODULES / "wiremock/build/wiremock-standalone-3.13.2.jar"
    return ["java", "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", folder]


def mockserver(folder, port):
    once = {"remainingTimes": 1, "unlimited": False}
    ready = {"httpRequest": {"path": "/ready"}, "httpResponse": {"body": "ready"}}
    first = {"httpRequest": {"path": "/w"}, "times": once, "httpResponse": {"statusCode": 503}}
    then = {"httpRequest": {"path": "/w"}, "httpError": {"dropConnection": True}}
    file = written(folder, "m.json", [ready, first, then])
    jar = MODULES / "mockserver-node/mockserver-netty-8.0.0-jar-with-dependencies.jar"
    return ["java", f"-Dmockserver.initializationJsonPath={file}", "-jar", str(jar), "-serverPort", str(port), "-logLevel", "ERROR"]


NEW = json.dumps({"message": "new"})

claim("json-server 0.17.4", json_server, "keeps what is written",
      ("GET", "/websites/1"), ("PATCH", "/websites/1", NEW), ("GET", "/websites/1"))  # fmt: skip
claim("Prism 5.14.2", prism, "checks what is written, keeps nothing, answers any declared status when asked to",
      ("GET", "/w"), ("PUT", "/w", '{"message": 1}'), ("PUT", "/w", NEW), ("GET", "/w"),
      ("GET", "/w", "", "prefer: code=503\r\n"))  # fmt: skip
claim("Mountebank 2.9.1", mountebank, "a list of answers, the connection reset among them",
      ("GET", "/w"), ("GET", "/w"), ("GET", "/w"))  # fmt: skip
claim("WireMock 3.13.2", wiremock, "keeps nothing by itself, resets connections, explains a miss",
      ("GET", "/w"), ("PUT", "/w", NEW), ("GET", "/w"), ("GET", "/r"), ("GET", "/W"))  # fmt: skip
claim("MockServer 8.0.0", mockserver, "an answer once, then a dropped connection",
      ("GET", "/ready"), ("GET", "/w"), ("GET", "/w"))  # fmt: skip
