"""What the types let through. mypy reads it; nothing runs it."""

import crisp_mock
from crisp_mock.types import Entry


def use() -> list[Entry]:
    with crisp_mock.start(websites=3, args=["--quota", "10"]) as mock, mock.space() as space:
        ids: list[int] = space.fault("since#2", status=503)
        elapsed: int = space.advance("20s")["elapsed_ms"]
        assert ids and elapsed and space.env["CRISP_KEY"] == space.key
        return space.requests("since", wait="5s")


async def use_async(space: crisp_mock.AsyncSpace) -> str:
    await space.save("w1", {"message": "Hi"})
    return (await space.install("w26", plan="Mini"))["name"]
