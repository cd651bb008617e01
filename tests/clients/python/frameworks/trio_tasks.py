"""trio, with a task that polls by httpx; a thread beside it serves."""

import threading

import httpx
import trio

from plain import serve
from sync import HEADERS, POLL, TIMEOUT, Copy, drive_async

copy = Copy()


async def keep_in_step():
    async with httpx.AsyncClient(headers=HEADERS, timeout=TIMEOUT) as client:

        async def fetch(url):
            answer = await client.get(url)
            return answer.status_code, answer.headers, answer.content

        while True:
            await drive_async(copy.poll(), trio.sleep, fetch)
            await trio.sleep(POLL)


threading.Thread(target=serve, args=(copy,), daemon=True).start()
trio.run(keep_in_step)
