"""The settings of all websites, as crisp-sync tells them."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypedDict

import httpx

PAUSE = 0.1


class Website(TypedDict):
    id: str
    token: str | None
    settings: dict[str, Any]


class Settings:
    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A stream without news says every 15 s that it is there.
        timeout = httpx.Timeout(60)
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, trust_env=False)
        self.websites: dict[str, Website] = {}
        self.event = ""  # that was applied last
        self.is_loaded = False
        self._coming: dict[str, Website] | None = None  # a set that has not come whole

    async def follow(self) -> None:
        """Follows the changes for ever."""
        while True:
            headers = {"Last-Event-ID": self.event} if self.event else {}
            try:
                async with self._http.stream("GET", "/changes", headers=headers) as answer:
                    if answer.is_success:
                        await self._read(answer)
            except httpx.HTTPError:
                pass  # The service is not there, or has ended: what is held stays.
            self._coming = None
            await asyncio.sleep(PAUSE)

    async def save(self, website_id: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Puts these members over a website's settings: `outcome` is done, refused or unknown."""
        answer = await self._http.patch(f"/websites/{website_id}/settings", json=settings)
        saved = answer.json()
        return saved if "outcome" in saved else {"outcome": "refused", **saved["error"]}

    async def _read(self, answer: httpx.Response) -> None:
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                self._apply(fields)
                fields = {}

    def _apply(self, fields: dict[str, str]) -> None:
        data = json.loads(fields.get("data", "null"))
        match fields.get("event"):
            case "reset":
                self._coming = {}
            case "website":
                into = self.websites if self._coming is None else self._coming
                into[data["id"]] = data
            case "removed":
                self.websites.pop(data["id"], None)
            case "complete":
                self.websites, self._coming, self.is_loaded = self._coming or {}, None, True
        self.event = fields.get("id", self.event)
