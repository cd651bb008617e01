"""The settings of all websites, from the NATS that `crisp-sync serve --store` fills. pip install nats-py"""

import asyncio
import json
import os

import nats


async def main():
    connection = await nats.connect(os.environ["NATS_URL"], max_reconnect_attempts=-1)
    bucket = await connection.jetstream().key_value(f"crisp-{os.environ['CRISP_STORE_NAME']}")
    settings = {}
    async for entry in await bucket.watch("website.*"):
        if entry is None:  # what was there at the start has come
            continue
        website_id, website = entry.key.removeprefix("website."), json.loads(entry.value or "{}")
        if "settings" in website:
            settings[website_id] = website["settings"]
        else:
            settings.pop(website_id, None)
        print(website_id, json.dumps(settings.get(website_id)), flush=True)


asyncio.run(main())
