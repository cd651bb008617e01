"""FastAPI on uvicorn, with a task of asyncio that polls by httpx."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from sync import HEADERS, POLL, PORT, TIMEOUT, Copy, drive_async

copy = Copy()


async def keep_in_step():
    async with httpx.AsyncClient(headers=HEADERS, timeout=TIMEOUT) as client:

        async def fetch(url):
            answer = await client.get(url)
            return answer.status_code, answer.headers, answer.content

        while True:
            await drive_async(copy.poll(), asyncio.sleep, fetch)
            await asyncio.sleep(POLL)


@asynccontextmanager
async def lifespan(_):
    task = asyncio.create_task(keep_in_step())
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/_cache")
async def cache():
    status, body = copy.shown
    return JSONResponse(body, status)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
