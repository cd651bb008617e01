"""The journal of a space as text, one line a request, for the report of a test that failed."""

from __future__ import annotations

import json

from crisp_mock.types import Entry, Journal

# As many as `crisp-mock exec` shows when its command failed.
NEWEST = 20


def _line(entry: Entry) -> str:
    query = f"?{entry['query']}" if entry.get("query") else ""
    answer = entry.get("status") if entry.get("outcome") == "answer" else entry.get("outcome")
    parts = [
        f"{entry.get('time', '')[11:23]}  {answer}  {entry.get('method')} {entry.get('path')}{query}",
        f"{entry.get('operation')}#{entry.get('occurrence')}",
    ]
    if name := entry.get("website_name"):
        parts.append(name)
    parts += [f"fault {json.dumps(fired['fault'])}" for fired in entry.get("faults", [])]
    if why := entry.get("explanation"):
        parts.append(why)
    return "  ".join(parts)


def journal(found: Journal) -> str:
    """The newest requests of a journal, with the faults that met them."""
    total = found.get("total", 0)
    if total == 0:
        return "no request came. Does the client use the space's url, identifier and key?"
    shown = found.get("requests", [])[-NEWEST:]
    return "\n".join([f"the last {len(shown)} of {total} requests", *map(_line, shown)])
