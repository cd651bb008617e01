"""A server for the tests of this process: the one that `crisp-mock exec` started, or one of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

from crisp_mock.binary import BinaryNotFound, binary
from crisp_mock.space import Space

# A start takes milliseconds; this is for machines that are busy with a whole test run.
START_S = 30.0
# A server takes no longer to stop than its open connections have to be closed.
STOP_S = 10.0


class _Server:
    """`crisp-mock serve` on a free port; it ends with this process, however that ends."""

    def __init__(self, extra: Sequence[str]) -> None:
        program = binary()
        words = [program, "serve", "--listen", "127.0.0.1:0", "--print", "json", "--quiet"]
        words += ["--parent-pid", str(os.getpid()), *extra]
        # A file, since nothing reads a pipe once the server is ready.
        with tempfile.TemporaryFile() as complaint:
            try:
                self.process = subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaint
                )
            except OSError as error:
                message = f"{program} could not be started: {error}. Is CRISP_MOCK_BINARY right?"
                raise BinaryNotFound(message) from error
            line = self._first_line()
            if not line:
                self.process.kill()
                code = self.process.wait()
                complaint.seek(0)
                said = complaint.read(4096).decode(errors="replace").strip()
                raise RuntimeError(f"{program} serve ended with {code} before it was ready: {said}")
        self.control_url: str = json.loads(line)["control_url"]

    def _first_line(self) -> bytes:
        assert self.process.stdout is not None
        late = threading.Timer(START_S, self.process.kill)
        late.start()
        try:
            return self.process.stdout.readline(65536)
        finally:
            late.cancel()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Mock(Space):
    """A server with a space of its own. Closing it stops the server, unless it was there before."""

    def __init__(self, space: Space, server: _Server | None, root: str, options: dict[str, Any]) -> None:
        super().__init__(space.facts)
        self._server = server
        self._root = root
        self._options = options

    def space(self, **options: Any) -> Space:
        """A further space: with these options, else those that `start` was given."""
        return Space.make(self._root, {**self._options, **options})

    def close(self) -> None:
        """Removes the space, and stops a server of its own."""
        try:
            super().close()
        finally:
            if self._server is not None:
                self._server.stop()


def start(*, args: Sequence[str] = (), **options: Any) -> Mock:
    """Takes the server that CRISP_MOCK_CONTROL_URL names (`crisp-mock exec` sets it), or starts one on a
    free port, and makes a space with these options in it, as `start(websites=3, clock="manual")`; `args`
    are further arguments of `crisp-mock serve` for a server of its own.

    Raises BinaryNotFound without a program, ControlError when the options do not fit.
    """
    # The variable may name a space, as `env` of a space does: the server is the same.
    there = re.sub(r"/spaces/[^/]+/?$", "", os.environ.get("CRISP_MOCK_CONTROL_URL", ""))
    server = None if there else _Server(args)
    root = there if server is None else server.control_url
    try:
        return Mock(Space.make(root, options), server, root, options)
    except BaseException:
        if server is not None:
            server.stop()
        raise
