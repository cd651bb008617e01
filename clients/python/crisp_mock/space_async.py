"""A space for tests that run in an event loop: the same calls, which do not hold it up."""

from __future__ import annotations

import asyncio
from typing import Any

from crisp_mock.space import Space
from crisp_mock.types import Clock, Entry, Event, Website


class AsyncSpace:
    """As Space; its calls are awaited. What is known of it stands in `space`."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.url = space.url
        self.rest_url = space.rest_url
        self.control_url = space.control_url
        self.identifier = space.identifier
        self.key = space.key
        self.plugin_id = space.plugin_id
        self.hook_secret = space.hook_secret
        self.env = space.env

    async def control(self, method: str, path: str, body: object = None) -> Any:
        return await asyncio.to_thread(self.space.control, method, path, body)

    async def websites(self) -> dict[str, Website]:
        return await asyncio.to_thread(self.space.websites)

    async def save(self, website: str, settings: dict[str, Any]) -> Website:
        return await asyncio.to_thread(self.space.save, website, settings)

    async def install(self, website: str | None = None, **options: Any) -> Website:
        return await asyncio.to_thread(self.space.install, website, **options)

    async def uninstall(self, website: str) -> None:
        await asyncio.to_thread(self.space.uninstall, website)

    async def fault(self, at: str | None = None, **effect: Any) -> list[int]:
        return await asyncio.to_thread(self.space.fault, at, **effect)

    async def advance(self, by: str) -> Clock:
        return await asyncio.to_thread(self.space.advance, by)

    async def emit(self, event: str, website: str | None = None, data: dict[str, Any] | None = None) -> Event:
        return await asyncio.to_thread(self.space.emit, event, website, data)

    async def requests(
        self, operation: str | None = None, *, wait: str | None = None, **more: Any
    ) -> list[Entry]:
        return await asyncio.to_thread(self.space.requests, operation, wait=wait, **more)

    async def expect_no_unfired(self) -> None:
        await asyncio.to_thread(self.space.expect_no_unfired)

    async def journal(self) -> str:
        return await asyncio.to_thread(self.space.journal)
