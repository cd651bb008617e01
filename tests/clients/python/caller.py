"""Calls the official client as it is told: one JSON object a line in, one a line out.

in   {"call": "list_all_connect_websites", "args": [1, 1]}
out  {"returned": ...} or {"rejected": ...}, whatever the client itself gave
"""

import json
import os
import sys

from crisp_api import Crisp
from crisp_api.errors.route import RouteError


def connect():
    client = Crisp()
    client.set_rest_host(os.environ["CRISP_REST_HOST"])
    client.set_tier("plugin")
    client.authenticate(os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"])
    return client


def answer(client, request):
    try:
        return {"returned": getattr(client.plugin, request["call"])(*request["args"])}
    except RouteError as error:
        return {"rejected": error.args[0]}
    except Exception as error:  # whatever the client lets through is what a claim is about
        return {"rejected": {"thrown": type(error).__name__}}


def main():
    client = connect()
    for line in sys.stdin:
        print(json.dumps(answer(client, json.loads(line))), flush=True)


main()
