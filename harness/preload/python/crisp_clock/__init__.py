"""A clock that is moved by hand, for a program that knows nothing of it."""

import os
import select


def start(env):
    """Puts the parts in place. Where threads cannot wait for several files at once (no `poll`),
    nothing is done, and the harness hears of no clock."""
    if not hasattr(select, "poll"):
        return
    from . import chance, channel, dates, files, fork_server, locks, offspring, servers, sockets
    from . import threads
    from .core import CORE

    CORE.begin(env)
    locks.replace()
    threads.replace()
    files.replace()
    sockets.replace()
    dates.replace()
    offspring.replace()
    servers.replace()
    if fork_server.serve():
        CORE.begin(env)
    sockets.meets(env)
    chance.replace(env)
    channel.open(env)
    os.register_at_fork(
        before=CORE.guard_fork,
        after_in_parent=CORE.after_fork,
        after_in_child=lambda: (CORE.begin_again(), channel.open(env)),
    )
