"""A settings cache whose polls look ten minutes back.

Each item of the differential is the whole state of a website and replaces what is held, however often it comes. Where
an item contradicts what was learnt in another way a moment ago, or a list contradicts the cache, the website is read
alone. All its waits are by a clock that the judge moves (docs/client-protocol.md, `manual_clock`).
"""

import asyncio
import base64
import email.utils
import json
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, urlsplit

# All times are whole milliseconds.
OVERLAP, LEAPS, TIMEOUT, LAG, LONGEST_WAIT, PATIENCE = 600_000, 120_000, 10_000, 35_000, 60_000, 60_000


class Clock:
    """`elapsed` never jumps; `wall` may be wrong."""

    elapsed, wall, timers, in_flight, activity = 0, 0, set(), 0, 0

    def at(self, time, ring):
        timer = (time, id(ring), ring)
        self.timers.add(timer)
        return timer

    async def sleep(self, ms):
        done = asyncio.get_running_loop().create_future()
        self.at(self.elapsed + max(0, ms), lambda: done.done() or done.set_result(None))
        await done

    async def advance(self, ms, wall):
        await self.rest()
        self.elapsed, self.wall = self.elapsed + ms, wall
        while due := sorted(timer for timer in self.timers if timer[0] <= self.elapsed):
            self.timers.discard(due[0])
            due[0][2]()
            await self.rest()

    async def rest(self):
        """Until nothing is left to do but timers and answers to wait for."""
        before = None
        while before != self.activity:
            before = self.activity
            for _ in range(6):
                await asyncio.sleep(0)


clock = Clock()


class Failure(Exception):
    """There is nothing to be learnt from an answer."""

    def __init__(self, status, cached):
        super().__init__(status)
        self.status, self.cached = status, cached


def backoff(failures):
    return min(LONGEST_WAIT, 5_000 * 2 ** min(failures - 1, 10))


class LongOverlap:
    def __init__(self, access):
        self.access, self.host = access, urlsplit(access["rest_url"])
        self.websites, self.learnt = {}, {}  # (settings, token); when it was learnt, if not by a poll
        self.ready, self.known, self.failures, self.doubts = False, None, 0, 0
        self.dates, self.overlap, self.seen = [], OVERLAP, set()
        self.lists, self.listed, self.count, self.polled = [0], None, 0, 0
        self.relist_every = access.get("relist_ms", 6 * 3600_000)
        self.longest_gap = min(access.get("longest_gap_ms", 300_000), 300_000)
        self.relist, self.silent_until = float("inf"), 0
        self.locks, self.unsure, self.open, self.tasks = {}, {}, set(), set()
        self.spawn(self.live())

    def spawn(self, work):
        clock.activity += 1
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def end(self):
        for task in list(self.tasks):
            task.cancel()

    def status(self):
        age = 0 if self.known is None else clock.elapsed - self.known
        fresh = self.failures == 0 and age <= self.access["poll_ms"] + TIMEOUT
        state = "loading" if not self.ready else "fresh" if fresh else "stale"
        return {"state": state, "age_ms": age}

    def must_list(self):
        return min([self.relist, *self.lists]) <= clock.elapsed

    def list_in(self, ms):
        due = clock.elapsed + ms
        if not any(due - 5_000 < other <= due for other in self.lists):
            self.lists.append(due)

    async def live(self):
        while True:
            try:
                if self.must_list():
                    await self.list()
                await self.poll()
                self.failures = 0
                if self.must_list():
                    continue
                await self.rest()
            except Failure:
                self.failures += 1
                await clock.sleep(backoff(self.failures))

    async def rest(self):
        """Until the next poll or list. It is ready when nothing is left to be read alone, and when the list was beyond
        doubt, or three more were not. It polls until then: one may tell that a website is gone which a reading does
        not find."""
        while not self.ready:
            if not self.unsure and (self.doubts == 0 or self.doubts > 3):
                self.ready = True
            elif self.due() <= 0:
                return
            else:
                await clock.sleep(min(1_000, self.due()))
        await clock.sleep(self.due())

    def due(self):
        return min([self.polled + self.access["poll_ms"], self.relist, *self.lists]) - clock.elapsed

    async def list(self):
        """Lists every website, to the second empty page, since one may lie."""
        rows, first, doubtful, length, empty, page, tries = {}, None, False, 0, 0, 1, 0
        while empty < 2:
            try:
                sent, date, cached, items = await self.get(f"plugin/connect/websites/all/{page}?filter_configured=0")
                if not isinstance(items, list):
                    raise Failure(200, False)
            except Failure as failure:
                if failure.status == 404 and page > 1:
                    sent, date, cached, items = clock.elapsed, None, failure.cached, []
                elif (tries := tries + 1) > 5:
                    raise
                else:
                    await clock.sleep(backoff(tries))
                    continue
            # A page behind one that is shorter: something was left out of that. A website on two: pages shifted.
            doubtful |= cached or (page > 1 and len(items) > length) or any(item["website_id"] in rows for item in items)
            rows.update((item["website_id"], item) for item in items)
            first, length, tries, page = first or (sent, date), len(items), 0, page + 1
            empty = 0 if items else empty + 1
        self.lists = [due for due in self.lists if due > clock.elapsed]
        self.relist = clock.elapsed + self.relist_every
        self.dates = self.dates or [first]
        self.doubts = self.doubts + 1 if doubtful else 0
        for website, item in rows.items():
            if self.listed is None and website not in self.websites:
                self.put(website, item)
            elif self.websites.get(website) != state(item):
                self.doubt(website, False)
        for website in self.websites.keys() - rows.keys():
            self.doubt(website, True)
        self.listed = first[0]
        if doubtful:
            self.list_in(backoff(self.doubts))

    async def poll(self):
        """Asks what changed in the last minutes, by the lowest date of them: a clock may have leapt ahead."""
        if not self.dates:
            return
        last_sent, last_date = self.dates[-1]
        # Too long a gap for the differential; while that fails, a list for each such gap is enough.
        if clock.elapsed - max(last_sent, self.listed) > self.longest_gap:
            self.list_in(0)
        self.polled = clock.elapsed
        since = min(date for _, date in self.dates) - self.overlap - self.count % 1000
        since = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=since)
        since = quote(since.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
        try:
            sent, date, cached, items = await self.get(f"plugin/connect/websites/since?filter_configured=0&date_since={since}")
        except Failure as failure:
            if failure.status in (400, 410, 422):  # it remembers less, or its clock was set back
                self.dates, self.overlap = [], max(self.overlap // 2, 60_000)
                self.list_in(0)
            raise
        if cached or not isinstance(items, list):
            raise Failure(200, cached)
        self.known = sent
        if abs(date - last_date - (sent - last_sent)) > 30_000:
            self.list_in(0)
        self.dates.append((sent, date))
        self.dates = [seen for seen in self.dates[:-1] if seen[0] > clock.elapsed - LEAPS] + self.dates[-1:]
        words = {}
        for item in items:
            words.setdefault(item["website_id"], []).append(item)
        seen = set()
        for website, told in words.items():
            text = json.dumps(told)
            seen.add(text)
            gone, item = told[-1].get("difference") == "removed", told[-1]
            same = self.websites.get(website) == (None if gone else state(item))
            # Who came or went may have shifted the pages of a list, and so may one that looks unchanged.
            if text not in self.seen and (same or any(one.get("difference") != "updated" for one in told)):
                self.list_in(0)
                self.list_in(LAG)
            lately = clock.elapsed - self.learnt.get(website, -LAG) < LAG
            both = gone and len(told) > 1 or any(one.get("difference") == "removed" for one in told[:-1])
            if same:
                continue
            # What was told before may be old, or have come back.
            if lately or both or text in self.seen or website in self.unsure or self.lock(website).locked():
                self.doubt(website, gone)
            elif gone:
                self.websites.pop(website, None)
            else:
                self.put(website, item, by_poll=True)
        self.seen = seen

    def put(self, website, item, by_poll=False):
        self.websites[website] = state(item)
        if by_poll:
            self.learnt.pop(website, None)
        else:
            self.learnt[website] = clock.elapsed

    def lock(self, website):
        return self.locks.setdefault(website, asyncio.Lock())

    def doubt(self, website, may_be_gone):
        waits = website in self.unsure
        self.unsure[website] = may_be_gone
        if not waits:
            self.spawn(self.make_sure(website))

    async def make_sure(self, website):
        async with self.lock(website):
            await self.read(website, float("inf"))
            self.unsure.pop(website, None)

    async def read(self, website, patience):
        """Reads a website until the answer can be believed; whether there was one."""
        began, tries = clock.elapsed, 0
        while True:
            try:
                sent, _, cached, item = await self.get(self.path(website))
                if not cached and isinstance(item, dict) and item.get("website_id") == website:
                    self.put(website, item)
                    return True
            except Failure as failure:
                # A 404 against the word of the differential is not enough: the list decides.
                if failure.status == 404 and not failure.cached:
                    if self.unsure.get(website) or website not in self.websites:
                        self.websites.pop(website, None)
                        self.learnt[website] = clock.elapsed
                        return False
                    if clock.elapsed - began > LEAPS:
                        self.list_in(0)
            if clock.elapsed - began > patience:
                return False
            tries += 1
            await clock.sleep(backoff(tries))

    async def save(self, website, settings, how):
        async with self.lock(website):
            unclear = False
            try:
                await self.send(how.upper(), self.path(website), settings)
            except Failure as failure:
                unclear = failure.status is None or not 400 <= failure.status < 500 or failure.status == 408
                if not unclear:
                    if failure.status == 404:
                        self.doubt(website, True)
                    return "refused"
            read = await self.read(website, PATIENCE)
            held = self.websites.get(website)
            if not read and held:
                self.doubt(website, self.unsure.get(website, False))
            if unclear:
                return "done" if read and includes(held[0], settings) else "unknown"
            if not read and held and how == "put":
                self.put(website, {"settings": settings, "token": held[1]})
            return "done" if read or not held or how == "put" else "unknown"

    def path(self, website):
        return f"plugins/subscription/{website}/{self.access['plugin_id']}/settings"

    async def get(self, path):
        return await self.send("GET", path)

    async def send(self, method, path, body=None):
        """One request: when it was sent, the server's date, whether a cache answered, and the data."""
        while self.silent_until > clock.elapsed:
            await clock.sleep(self.silent_until - clock.elapsed)
        self.count += 1
        sent, wall = clock.elapsed, clock.wall
        try:
            status, headers, answer = await self.exchange(method, path, body)
        except (OSError, EOFError, ValueError):
            raise Failure(None, False) from None
        date = millis(email.utils.parsedate_to_datetime(headers["date"])) if "date" in headers else wall
        cached, after = headers.get("bloom-status") == "HIT", headers.get("retry-after")
        if after and status >= 400:
            ms = silence(after, date)
            self.silent_until = max(self.silent_until, clock.elapsed + min(ms, 3600_000))
        try:
            answer = json.loads(answer)
        except ValueError:
            answer = None
        good = 200 <= status < 300 and isinstance(answer, dict) and answer.get("error") is False
        if not good or not isinstance(answer.get("data"), (dict, list)):
            raise Failure(status, cached)
        return sent, date, cached, answer["data"]

    async def exchange(self, method, path, body):
        clock.in_flight += 1
        writer, timer = None, None
        try:
            reader, writer = await asyncio.open_connection(self.host.hostname, self.host.port)
            timer = clock.at(clock.elapsed + TIMEOUT, writer.transport.abort)
            payload = b"" if body is None else json.dumps(body).encode()
            user = base64.b64encode(f"{self.access['identifier']}:{self.access['key']}".encode()).decode()
            writer.write(
                f"{method} {self.host.path}{path} HTTP/1.1\r\nHost: {self.host.netloc}\r\nConnection: close\r\n"
                f"Authorization: Basic {user}\r\nX-Crisp-Tier: {self.access['tier']}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            answer = await reader.readexactly(int(headers.get("content-length", 0)))
            return int(head[0].split(" ")[1]), headers, answer
        finally:
            clock.in_flight -= 1
            clock.activity += 1
            clock.timers.discard(timer)
            if writer:
                writer.transport.abort()


def silence(after, date):
    """What `Retry-After` asks for, in milliseconds: seconds, perhaps with a fraction, or a date."""
    try:
        return float(after) * 1000
    except ValueError:
        pass
    try:
        return millis(email.utils.parsedate_to_datetime(after)) - date
    except (TypeError, ValueError):
        return 0  # nothing that could be obeyed


def millis(time):
    return int(time.timestamp() * 1000)


def state(item):
    return item.get("settings") or {}, item.get("token")


def includes(held, sent):
    """Whether every member is there as it was sent. What a merge left as it was proves nothing."""
    return isinstance(held, dict) and all(key in held and held[key] == value for key, value in sent.items())


async def speak():
    """The client protocol."""
    loop, client = asyncio.get_running_loop(), None
    stdin = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)

    def now(message):
        return millis(datetime.fromisoformat(message["now"].replace("Z", "+00:00")))

    def reply(id, **members):
        print(json.dumps({"id": id, "ok": True, **members}), flush=True)

    async def save(id, website_id, settings, how):
        reply(id, outcome=await client.save(website_id, settings, how))

    while line := await stdin.readline():
        message = json.loads(line)
        id, op = message.pop("id"), message.pop("op")
        if op == "hello":
            told = {"timeout_ms": 10_000, "overlap_ms": 720_000, "backoff_max_ms": 60_000, "relist_ms": 6 * 3600_000}
            capabilities = ["save", "tokens", "status", "manual_clock", "reset"]
            takes = ["relist_ms", "longest_gap_ms"]
            reply(id, name="long-overlap", version="1", capabilities=capabilities, takes=takes, **told)
        elif op == "start":
            clock.wall = now(message)
            client = LongOverlap(message)
            reply(id)
        elif op == "read":
            websites = {website: {"settings": held[0], "token": held[1]} for website, held in client.websites.items()}
            reply(id, ready=client.ready, websites=websites, status=client.status())
        elif op == "save":
            client.spawn(save(id, **message))
        elif op == "advance":
            await clock.advance(message["ms"], now(message))
            due = min((timer[0] for timer in clock.timers), default=None)
            reply(id, in_flight=clock.in_flight, next_ms=None if due is None else max(0, due - clock.elapsed))
        elif op == "reset":
            if client:
                client.end()
                await clock.rest()
            clock.timers.clear()
            clock.in_flight = 0
            reply(id)
        else:
            return reply(id)


asyncio.run(speak())
