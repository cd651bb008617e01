"""HTTP libraries with Crisp's own address: the status of each, with and without what the environment says
about proxies and certificates."""

import asyncio
import base64
import os
import urllib.request

import aiohttp
import httpx
import requests

URL = "https://api.crisp.chat/v1/plugin/connect/account"
pair = f"{os.environ['CRISP_IDENTIFIER']}:{os.environ['CRISP_KEY']}"
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
    "X-Crisp-Tier": "plugin",
}


def say(name, trusts_environment, status):
    print(name, "with" if trusts_environment else "without", "the environment:", status)


async def at_once(trust):
    async with httpx.AsyncClient(trust_env=trust, headers=HEADERS) as client:
        say("httpx (async)", trust, (await client.get(URL)).status_code)
    async with aiohttp.ClientSession(trust_env=trust, headers=HEADERS) as session:
        async with session.get(URL) as response:
            say("aiohttp", trust, response.status)


for trust in (True, False):
    session = requests.Session()
    session.trust_env = trust
    say("requests", trust, session.get(URL, headers=HEADERS).status_code)
    with httpx.Client(trust_env=trust, headers=HEADERS) as client:
        say("httpx", trust, client.get(URL).status_code)
    proxies = urllib.request.ProxyHandler(None if trust else {})
    request = urllib.request.Request(URL, headers=HEADERS)
    say("urllib", trust, urllib.request.build_opener(proxies).open(request).status)
    asyncio.run(at_once(trust))
