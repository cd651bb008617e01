"""An emulator of Crisp's plugin API, for the tests of a plugin.

`crisp_mock.start(websites=3)` starts it or takes the one that is there; under pytest the fixtures
`crisp` (a space for each test), `async_crisp` and `crisp_mock` (the server) are there by themselves.
"""

from crisp_mock.binary import BinaryNotFound, binary
from crisp_mock.control import ControlError
from crisp_mock.server import Mock, start
from crisp_mock.space import Space
from crisp_mock.space_async import AsyncSpace

__all__ = ["AsyncSpace", "BinaryNotFound", "ControlError", "Mock", "Space", "binary", "start"]
