"""Lets crisp-mock judge a plugin: speaks its client protocol, version 1, around the plugin's cache.

    from crisp_mock_client import judged

    judged(lambda: {"ready": loaded.is_set(), "websites": websites}, start=keep_in_step)

`websites` is what the plugin holds, as {"<website_id>": {"settings": {...}, "token": "..."}}.
Copy this file next to your plugin; it needs Python 3.9 and no packages.
"""

import json
import os
import sys
import threading
import traceback


def judged(
    read,
    *,
    start=None,  # begins to load, when the judge says so; gets a dict with rest_host, identifier,
    #              key, plugin_id and poll_ms, which are in the environment, too
    save=None,  # save(website_id, settings, how): saves as the plugin does; how: "put" or "patch"
    status=None,  # {"state": "loading" | "fresh" | "stale", "age_ms": n}, if the plugin knows
    reset=None,  # forgets everything and stops polling, so that one process does for all scenarios
    tokens=False,  # whether `websites` carry their tokens
    view=None,  # how the cache differs from the raw settings: keys, unconfigured, defaults, value
    **facts,  # name, version, timeout_ms, backoff_max_ms, relist_ms
):
    """Answers on stdout what is asked on stdin, until that ends."""
    can = {"save": save, "tokens": tokens, "status": status, "reset": reset}
    capabilities = [name for name, able in can.items() if able]
    writing = threading.Lock()
    # What the plugin prints goes to its log: in the middle of a reply it would spoil it.
    replies, sys.stdout = sys.stdout, sys.stderr

    def in_background(work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def hello(_):
        return {"name": "plugin", **facts, "capabilities": capabilities, "view": view}

    def begin(place):
        if start:
            in_background(start, place)

    def look(_):
        reading = dict(read())
        if status:
            reading["status"] = status()
        return reading

    def put(message):
        return {"outcome": outcome(save, message)}

    operations = {
        "hello": hello,
        "start": begin,
        "read": look,
        "save": put if save else None,
        "reset": (lambda _: reset()) if reset else None,
        "stop": lambda _: None,
    }

    def answer(message):
        reply = {"id": message["id"], "ok": True}
        try:
            operation = operations.get(message["op"])
            if operation is None:
                raise NotImplementedError(f"this client cannot {message['op']}")
            reply = {**(operation(message) or {}), **reply}
        except Exception as error:
            traceback.print_exc()
            reply = {"id": message["id"], "ok": False, "error": str(error)}
        line = json.dumps(reply)
        with writing:
            replies.write(line + "\n")
            replies.flush()

    # Not `for line in sys.stdin`, which may read ahead.
    for line in iter(sys.stdin.readline, ""):
        message = json.loads(line)
        if message["op"] == "save":
            in_background(answer, message)  # reads do not wait for it
        else:
            answer(message)
        if message["op"] == "stop":
            break
    sys.stderr.flush()
    os._exit(0)  # whatever its threads are doing


def outcome(save, message):
    """After a refusal nothing was saved; after anything else it is not known."""
    try:
        save(message["website_id"], message["settings"], message["how"])
        return "done"
    except Exception as error:
        traceback.print_exc()
        details = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        code = details.get("code", getattr(error, "code", 0))
        return "refused" if isinstance(code, int) and 400 <= code < 500 else "unknown"
