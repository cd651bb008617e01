"""The settings of all websites, from the Redis that `crisp-sync serve --store` fills. pip install redis"""

import json
import os

import redis

prefix = f"crisp:{os.environ['CRISP_STORE_NAME']}"
store = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
listener = store.pubsub(ignore_subscribe_messages=True)
listener.subscribe(f"{prefix}:changes")
settings, version = {}, "0"

while True:
    # Read before the rest: what is published meanwhile is asked for again.
    published = store.get(f"{prefix}:version") or "0"
    for website_id in store.zrange(f"{prefix}:websites", f"({version}", "+inf", byscore=True):
        website = json.loads(store.get(f"{prefix}:website:{website_id}") or '{"removed": true}')
        if website.get("removed"):
            settings.pop(website_id, None)
        else:
            settings[website_id] = website["settings"]
        print(website_id, json.dumps(settings.get(website_id)), flush=True)
    version = published
    listener.get_message(timeout=60)
