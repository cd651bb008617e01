"""One call of the control API. Not by `requests` or `urllib`, which tests replace."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

# A call may wait for five minutes at most (`wait=5m`); the rest is for a slow machine.
PATIENCE_S = 330.0
# Room for a full journal.
MOST_BYTES = 256 * 1024 * 1024


class ControlError(RuntimeError):
    """A call that failed: what was wrong, and what to do next. `status` is 0 when nothing answered."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def _exchange(method: str, url: str, body: object) -> tuple[int, bytes]:
    parts = urlsplit(url)
    headers = {"Accept": "application/json"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    if token := os.environ.get("CRISP_MOCK_CONTROL_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, data, headers)
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES + 1)
    finally:
        connection.close()
    if len(text) > MOST_BYTES:
        raise ControlError(f"{method} {url}: the answer is longer than {MOST_BYTES} bytes")
    return answer.status, text


def call(method: str, url: str, body: object = None) -> Any:
    """Calls the control API, and gives the JSON that it answers.

    Raises ControlError when nothing answers, or the answer is a refusal.
    """
    try:
        status, text = _exchange(method, url, body)
    except (OSError, http.client.HTTPException) as error:
        message = f"{method} {url} failed: {error}. Is the emulator still running?"
        raise ControlError(message) from error
    try:
        data = json.loads(text)
    except ValueError:
        message = f"{url} does not answer as crisp-mock does: is CRISP_MOCK_CONTROL_URL right?"
        raise ControlError(message, status) from None
    if status >= 400:
        raise ControlError(f"{method} {url}: {data.get('error')} ({data.get('hint')})", status)
    return data
