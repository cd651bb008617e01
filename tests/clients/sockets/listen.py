"""A bot written with python-socketio, as public ones are: each event a line of JSON.

It drops the path of the address that discovery gives, so that it dials /socket.io/.
"""

import json
import os
import sys

import socketio

EVENTS = ["plugin:settings:saved", "plugin:subscription:updated", "message:send"]

client = socketio.Client(reconnection_delay=0.1)


def say(**line):
    # One write a line: print() writes the line feed apart, and the client calls handlers in threads of
    # their own, so that two lines could run into one.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@client.event
def connect():
    client.emit(
        "authentication",
        {
            "username": os.environ["CRISP_IDENTIFIER"],
            "password": os.environ["CRISP_KEY"],
            "tier": "plugin",
            "events": EVENTS,
        },
    )


@client.event
def disconnect(*reason):
    say(disconnected=True)


client.on("authenticated", lambda argument: say(authenticated=argument))
client.on("unauthorized", lambda argument: say(refused=argument["message"]))
for name in EVENTS:
    client.on(name, lambda data, name=name: say(heard=name, data=data))

client.connect(os.environ["CRISP_REST_HOST"], transports=["websocket"])
client.wait()
