"""A small Crisp plugin whose settings come from crisp-sync."""

import asyncio
import os
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from published import FromNats, FromRedis
from settings import Settings

PORT = int(os.environ.get("PORT", "3000"))
URL = os.environ.get("CRISP_SYNC_URL", "http://127.0.0.1:8787")

settings = Settings(URL, os.environ.get("CRISP_SYNC_TOKEN"))
# With one of these the settings are read from the store, with `crisp-sync serve --store … --store-tokens`; saves go to the service.
name = os.environ.get("CRISP_STORE_NAME", "")
if url := os.environ.get("REDIS_URL"):
    held = FromRedis(url, name)
elif url := os.environ.get("NATS_URL"):
    held = FromNats(url, name)
else:
    held = settings


@asynccontextmanager
async def follow(_: FastAPI):
    following = asyncio.create_task(held.follow())
    yield
    following.cancel()


app = FastAPI(lifespan=follow)


class Save(BaseModel):
    website_id: str
    token: str
    settings: dict[str, Any]


def check(website_id: str, token: str) -> None:
    """Only Crisp and the website's own people know the token."""
    website = held.websites.get(website_id)
    if website is None or not token or website["token"] != token:
        raise HTTPException(403, "This link is not valid. Open it from Crisp again.")


@app.get("/settings")
async def show(website_id: str, token: str) -> dict[str, Any]:
    check(website_id, token)
    return held.websites[website_id]["settings"]


@app.post("/settings")
async def save(save: Save) -> JSONResponse:
    check(save.website_id, save.token)
    saved = await settings.save(save.website_id, save.settings)
    return JSONResponse(saved, 200 if saved["outcome"] == "done" else 400)


# What the plugin holds, for tests.
if os.environ.get("CRISP_SYNC_JUDGED"):

    @app.get("/_cache")
    async def cache() -> JSONResponse:
        if not held.is_loaded:
            raise HTTPException(503, "still loading")
        mark = {"event": settings.event} if held is settings else {"version": held.version}
        return JSONResponse({**mark, "websites": held.websites})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
