"""Calls the official client as it is told: one JSON object a line in, one a line out.

in   {"call": "list_all_connect_websites", "args": [1, 1]}
out  {"returned": ...} or {"rejected": ...}, whatever the client itself gave

A list of such objects, each with an "identifier" and a "key" of its own, is called all at once, by
a client for each. What comes out is a list, too, and says how many milliseconds each took.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from crisp_api import Crisp
from crisp_api.errors.route import RouteError


def connect(identifier, key):
    client = Crisp()
    client.set_rest_host(os.environ["CRISP_REST_HOST"])
    client.set_tier("plugin")
    client.authenticate(identifier, key)
    return client


def answer(client, request):
    try:
        return {"returned": getattr(client.plugin, request["call"])(*request["args"])}
    except RouteError as error:
        return {"rejected": error.args[0]}
    except Exception as error:  # whatever the client lets through is what a claim is about
        return {"rejected": {"thrown": type(error).__name__}}


def timed(request):
    began = time.monotonic()
    given = answer(connect(request["identifier"], request["key"]), request)
    return {**given, "ms": (time.monotonic() - began) * 1000}


def at_once(requests):
    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(timed, requests))


def main():
    client = connect(os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"])
    for line in sys.stdin:
        request = json.loads(line)
        given = at_once(request) if isinstance(request, list) else answer(client, request)
        print(json.dumps(given), flush=True)


main()
