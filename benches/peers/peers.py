"""How each mock server is started so that it serves the page: a command, files, and a path."""

import json
import os
from pathlib import Path

PATH = "/v1/plugin/connect/websites/all/1"
TYPE = "application/json; charset=utf-8"
# Ours is measured with all of this on; of the ten rules none ever acts.
FAULTS = "\n".join(
    ["- { at: 'list#1000000000', status: 503 }", "- { at: 'list#1000000000..', throttle: 429 }"]
    + [f"- {{ at: 'list/{page}', cut_body: 40 }}" for page in range(2, 7)]
    + ["- { window: '10000m..', hang: true }", "- { at: 'list#every:1000000000', garbage: true }"]
    + ["- { at: list, chance: 0.000000000001, seed: 7, html: true }"]
)


class Peer:
    """A server that can be started: `start(port)` gives the command, `path` what is asked."""

    def __init__(self, name, needs, start, path=PATH, remark="the same bytes"):
        self.name, self.needs, self.start = name, needs, start
        self.path, self.remark = path, remark


def written(folder, name, content):
    file = Path(folder) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def ours(binary, schema, folder):
    faults = written(folder, "faults.yaml", FAULTS)

    def start(port):
        return [
            binary, "serve", "--listen", f"127.0.0.1:{port}", "--schema", schema, "--quiet",
            "--quota", "1000000000", "--faults", faults,
        ]  # fmt: skip

    remark = "authenticated, stateful, journal, quota and ten fault rules on"
    return Peer("crisp-mock", binary, start, remark=remark)


def all_peers(page, node, rust, rift, folder):
    """Every peer; those whose program is missing are left out by the caller."""
    modules = Path(node) / "node_modules"

    def js(script, *words):
        return ["node", str(modules / script), *words]

    def json_server(port):
        file = written(folder, "db.json", {"websites": json.loads(page)["data"]})
        return js("json-server/lib/cli/bin.js", "--host", "127.0.0.1", "--port", str(port), "--quiet", file)

    def mockoon(port):
        answer = {
            "uuid": "b0000000-0000-4000-8000-000000000000", "body": page, "statusCode": 200, "latency": 0,
            "label": "", "headers": [{"key": "Content-Type", "value": TYPE}], "bodyType": "INLINE",
            "filePath": "", "databucketID": "", "sendFileAsBody": False, "rules": [],
            "rulesOperator": "OR", "disableTemplating": True, "fallbackTo404": False, "default": True,
            "crudKey": "id", "callbacks": [],
        }  # fmt: skip
        route = {
            "uuid": "a0000000-0000-4000-8000-000000000000", "type": "http", "documentation": "",
            "method": "get", "endpoint": PATH[1:], "responses": [answer], "responseMode": None,
            "streamingMode": None, "streamingInterval": 0,
        }  # fmt: skip
        environment = {
            "uuid": "c0000000-0000-4000-8000-000000000000", "lastMigration": 33, "name": "page",
            "port": port, "hostname": "127.0.0.1", "endpointPrefix": "", "latency": 0, "folders": [],
            "routes": [route], "rootChildren": [{"type": "route", "uuid": route["uuid"]}],
            "proxyMode": False, "proxyHost": "", "proxyRemovePrefix": False, "cors": False,
            "headers": [], "proxyReqHeaders": [], "proxyResHeaders": [], "data": [], "callbacks": [],
            "tlsOptions": {"enabled": False, "type": "CERT", "pfxPath": "", "certPath": "",
                           "keyPath": "", "caPath": "", "passphrase": ""},
        }  # fmt: skip
        file = written(folder, "mockoon.json", environment)
        return js("@mockoon/cli/bin/run.js", "start", "--data", file, "--repair", "--disable-log-to-file")

    def prism(port):
        content = {"application/json": {"schema": {"type": "object"}, "example": json.loads(page)}}
        answers = {"200": {"description": "a page", "content": content}}
        paths = {PATH: {"get": {"responses": answers}}}
        spec = {"openapi": "3.0.3", "info": {"title": "page", "version": "1"}, "paths": paths}
        file = written(folder, "openapi.json", spec)
        words = ["mock", "--port", str(port), "--host", "127.0.0.1", "--verboseLevel", "silent", file]
        return js("@stoplight/prism-cli/dist/index.js", *words)

    def imposters(port):
        answer = {"statusCode": 200, "headers": {"Content-Type": TYPE, "Connection": "keep-alive"}, "body": page}
        stub = {"predicates": [{"equals": {"method": "GET", "path": PATH}}], "responses": [{"is": answer}]}
        whole = {"imposters": [{"port": port, "host": "127.0.0.1", "protocol": "http", "stubs": [stub]}]}
        return written(folder, f"imposters-{port}.json", whole)

    def mountebank(port):
        words = ["--port", str(port + 1), "--configfile", imposters(port), "--nologfile", "--localOnly"]
        return js("mountebank/bin/mb", "start", *words, "--loglevel", "error")

    def rift_server(port):
        words = ["--port", str(port + 1), "--configfile", imposters(port), "--host", "127.0.0.1"]
        return [str(rift), *words, "--loglevel", "error"]

    def wiremock(*more):
        def start(port):
            answer = {"status": 200, "headers": {"Content-Type": TYPE}, "body": page}
            mapping = {"request": {"method": "GET", "urlPath": PATH}, "response": answer}
            written(folder, "wiremock/mappings/page.json", mapping)
            jar = modules / "wiremock/build/wiremock-standalone-3.13.2.jar"
            words = ["--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", f"{folder}/wiremock"]
            return ["java", "-jar", str(jar), *words, "--disable-banner", *more]

        return start

    def mockserver(port):
        answer = {"statusCode": 200, "headers": {"Content-Type": [TYPE]}, "body": page}
        file = written(folder, "mockserver.json", [{"httpRequest": {"path": PATH}, "httpResponse": answer}])
        jar = modules / "mockserver-node/mockserver-netty-8.0.0-jar-with-dependencies.jar"
        first = ["java", f"-Dmockserver.initializationJsonPath={file}"]
        return [*first, "-jar", str(jar), "-serverPort", str(port), "-logLevel", "ERROR"]

    def in_rust(name):
        file = written(folder, "page.json", page)
        # It chooses its own port and prints it.
        return lambda _: [str(rust), name, file]

    lean = wiremock("--no-request-journal", "--disable-request-logging")
    return [
        Peer("httpmock 0.9.0 (Rust)", rust, in_rust("httpmock")),
        Peer("wiremock 0.6.5 (Rust)", rust, in_rust("wiremock")),
        Peer("mockito 1.7.2 (Rust)", rust, in_rust("mockito")),
        Peer("Rift 0.19.0 (Rust)", rift, rift_server),
        Peer("WireMock 3.13.2", modules / "wiremock", wiremock()),
        Peer("WireMock 3.13.2, no journal", modules / "wiremock", lean),
        Peer("MockServer 8.0.0", modules / "mockserver-node", mockserver),
        Peer("Prism 5.14.2, silent", modules / "@stoplight/prism-cli", prism),
        Peer("Mountebank 2.9.1", modules / "mountebank", mountebank),
        Peer("json-server 0.17.4", modules / "json-server", json_server, "/websites",
             "its own list of the same 20, pretty-printed"),
        Peer("Mockoon CLI 9.9.0", modules / "@mockoon/cli", mockoon),
    ]  # fmt: skip


def schema():
    """Settings of about 300 bytes, as the other benchmarks have them."""

    def text(length):
        return {"type": "string", "minLength": length, "maxLength": length}

    return {
        "type": "object",
        "required": ["message", "color", "position", "enabled", "delay", "footer"],
        "properties": {
            "message": text(120),
            "color": {"enum": ["#1972f5", "#e24a00", "#00a35c"]},
            "position": {"enum": ["left", "right"]},
            "enabled": {"type": "boolean"},
            "delay": {"type": "integer", "minimum": 0, "maximum": 60},
            "footer": text(80),
        },
    }


def environment():
    """What a server gets: without colours, updates and analytics of any kind."""
    quiet = {"NO_UPDATE_NOTIFIER": "1", "DO_NOT_TRACK": "1", "CI": "1", "NODE_ENV": "production"}
    return {**os.environ, **quiet}
