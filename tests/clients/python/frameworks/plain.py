"""What the plugins without a framework share: a server and requests of the standard library."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import HTTPErrorProcessor, Request, build_opener

from sync import HEADERS, PORT, TIMEOUT


class _EveryStatus(HTTPErrorProcessor):
    http_response = staticmethod(lambda request, response: response)


def fetch(url):
    answer = build_opener(_EveryStatus).open(Request(url, None, HEADERS), timeout=TIMEOUT)
    return answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.read()


def serve(copy):
    class Cache(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = copy.shown
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", PORT), Cache).serve_forever()
