"""APScheduler: a job that polls, in a thread of its pool."""

from datetime import datetime, timezone

from apscheduler.schedulers.background import BackgroundScheduler

from plain import fetch, serve
from sync import POLL, Copy, drive

copy = Copy()
scheduler = BackgroundScheduler(timezone=timezone.utc)
scheduler.add_job(
    lambda: drive(copy.poll(), fetch),
    "interval",
    seconds=POLL,
    next_run_time=datetime.now(timezone.utc),
    misfire_grace_time=None,
    coalesce=True,
)
scheduler.start()
serve(copy)
