"""A world of Crisp for each test: one emulator for the session, one space in it for each test.

Run `crisp-mock exec -- pytest`, and the emulator is there already; run `pytest` alone, and the
fixture starts one. The credentials choose the world, so tests may run in parallel.
"""

import json
import os
import subprocess
import urllib.request

import pytest


class World:
    """What a test knows of its world, and what it can do to it."""

    def __init__(self, info):
        self.url = info["url"]  # for crisp.set_rest_host(…)
        self.rest_url = info["rest_url"]
        self.control_url = info["control_url"]
        self.identifier = info["identifier"]
        self.key = info["key"]
        self.plugin_id = info["plugin_id"]

    def control(self, method, path, body=None):
        """A call of the control API, as `world.control("PUT", "/websites/w1/settings", {…})`."""
        return call(method, self.control_url + path, body)


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("CRISP_MOCK_CONTROL_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.fixture(scope="session")
def control_url():
    """The control API of the emulator around us, or of one that lives as long as the session."""
    if url := os.environ.get("CRISP_MOCK_CONTROL_URL"):
        yield url
        return
    command = [os.environ.get("CRISP_MOCK", "crisp-mock"), "serve", "--listen", "127.0.0.1:0"]
    command += ["--print", "json", "--quiet", "--parent-pid", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            # The line comes when the emulator is ready: nothing has to be waited for.
            yield json.loads(server.stdout.readline())["control_url"]
        finally:
            server.terminate()


@pytest.fixture
def world(control_url):
    """A fresh world, gone when the test is over."""
    world = World(call("POST", control_url + "/spaces", {"websites": 3}))
    yield world
    call("DELETE", world.control_url)
