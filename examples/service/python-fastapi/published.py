"""The settings of all websites, from the Redis or NATS that `crisp-sync serve --store` fills."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypedDict

PAUSE = 0.1


class Website(TypedDict):
    id: str
    token: str | None
    settings: dict[str, Any]


class Published:
    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self.websites: dict[str, Website] = {}
        self.version = 0  # of the last batch that was applied; 0: none

    @property
    def is_loaded(self) -> bool:
        return self.version > 0

    def apply(self, website_id: str, value: dict[str, Any] | None) -> None:
        if value and "settings" in value:
            self.websites[website_id] = {"id": website_id, "token": value.get("token"), "settings": value["settings"]}
        else:
            self.websites.pop(website_id, None)

    async def follow(self) -> None:
        """Follows the changes for ever."""
        while True:
            try:
                await self._read()
            except Exception:  # the store is away, or nothing was published yet: what is held stays
                pass
            await asyncio.sleep(PAUSE)

    async def _read(self) -> None:
        raise NotImplementedError


class FromRedis(Published):
    """Asks for what changed, whenever a message comes."""

    async def _read(self) -> None:
        from redis.asyncio import Redis

        async with Redis.from_url(self._url, decode_responses=True) as store, store.pubsub() as listener:
            await listener.subscribe(f"crisp:{self._name}:changes")
            while True:
                await self._catch_up(store)
                await listener.get_message(timeout=60)

    async def _catch_up(self, store: Any) -> None:
        prefix = f"crisp:{self._name}"
        # Read before the rest: what is published meanwhile is asked for again.
        version = int(await store.get(f"{prefix}:version") or 0)
        changed = await store.zrange(f"{prefix}:websites", f"({self.version}", "+inf", byscore=True)
        for website_id in changed:
            self.apply(website_id, json.loads(await store.get(f"{prefix}:website:{website_id}") or "null"))
        self.version = version


class FromNats(Published):
    """Watches the whole bucket, whose `version` comes after what belongs to it."""

    async def _read(self) -> None:
        import nats

        connection = await nats.connect(self._url, max_reconnect_attempts=-1)
        try:
            bucket = await connection.jetstream().key_value(f"crisp-{self._name}")
            async for entry in await bucket.watchall():
                if entry is None:  # what was there at the start has come
                    continue
                value = json.loads(entry.value or "null")
                if entry.key == "version":
                    self.version = int(value)
                elif entry.key.startswith("website."):
                    self.apply(entry.key.removeprefix("website."), value)
        finally:
            await connection.close()
