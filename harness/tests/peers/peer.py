"""A client as strange as its first argument says. It speaks the protocol and no HTTP."""

import json
import os
import socket
import subprocess
import sys

MODE = sys.argv[1]
MORE = sys.argv[2:]
WEBSITE = "w1"
EVERYTHING = ["save", "tokens", "status", "manual_clock", "reset", "later-version"]


def write(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def reply(id, **members):
    text = json.dumps({"id": id, "ok": True, **members})
    # Another thread printed at the same moment.
    write("asking for {page 1} " + text + "done" if MODE == "babbles" else text)


def holds(port):
    """What listens there sees the connection close when this process has ended."""
    connection = socket.create_connection(("127.0.0.1", int(port)))
    connection.sendall(f"{os.getpid()}\n".encode())
    return connection


if MODE == "dies-at-once":
    sys.exit("Error: Cannot find module 'crisp-api'")
if MODE == "family":
    kept = holds(MORE[0])
    child = "import socket, sys; s = socket.create_connection(('127.0.0.1', %s)); s.sendall(b'c\\n'); s.recv(1)"
    subprocess.Popen([sys.executable, "-c", child % MORE[0]], stdin=subprocess.DEVNULL)
if MODE == "sulks":
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kept = holds(MORE[0])

generation = 1
held_back = None
for line in sys.stdin:
    ask = json.loads(line)
    id, op = ask["id"], ask["op"]
    if MODE == "silent-at-" + op:
        continue
    if MODE == "dies-at-" + op:
        sys.stderr.write("Traceback: it broke\n")
        sys.exit(3)
    if MODE == "says-at-" + op:
        write(MORE[0].replace("ID", str(id)))
        continue
    if MODE == "fails-at-" + op:
        write(json.dumps({"id": id, "ok": False, "error": "no such website"}))
        continue
    if MODE == "chatty":
        sys.stderr.write(f"debug: {op}\n")
        sys.stderr.flush()
        write(f"asked to {op}")
        write('{"level": 30, "msg": "no id"}')
        write('[1, {"id": 1}]')
        write('{"id": 1, "broken')
        write('{"level": 30, "id": "user-7", "msg": "an id of its own"}')
    if MODE == "huge-chatter":
        write("x" * 20_000_000)
    if op == "hello":
        if MODE == "minimal":
            reply(id, name="tiny")
            continue
        reply(
            id,
            name="strange",
            version="1.4.2",
            capabilities=[] if MODE == "sulks" else EVERYTHING,
            timeout_ms=5000,
            backoff_max_ms=80_000.0,
            relist_ms=None,
            view={"keys": ["message"]},
        )
    elif op == "start":
        sys.stderr.write(json.dumps(ask, sort_keys=True) + "\n")
        names = sorted(name for name in os.environ if name.startswith("CRISP_"))
        for name in names:
            sys.stderr.write(f"{name}={os.environ[name]}\n")
        sys.stderr.flush()
        reply(id)
    elif op == "read" and MODE == "minimal":
        reply(id, ready=False)
    elif op == "read" and MODE == "huge-reply":
        reply(id, ready=True, websites={}, more="x" * 9_000_000)
    elif op == "read":
        settings = {"message": f"generation {generation}", "loaded_at": 12}
        website = {"settings": settings, "token": "t1"}
        reply(id, ready=True, websites={WEBSITE: website}, status={"state": "stale", "age_ms": 1500})
        if held_back is not None:
            reply(held_back, outcome="done")
    elif op == "save" and MODE == "out-of-order":
        held_back = id
    elif op == "save":
        reply(id, outcome="unknown", asked=[ask["website_id"], ask["settings"], ask["how"]])
    elif op == "advance":
        reply(id, next_ms=250.5, in_flight=2.0)
    elif op == "reset":
        generation += 1
        reply(id)
    elif op == "stop":
        reply(id)
        if MODE not in ("sulks", "family"):
            break
