"""A clock that is moved by hand, for a program that knows nothing of it."""

import os
import select


def start(env, then):
    """Puts the parts in place, and goes on with `then`. Where threads cannot wait for several files at
    once (no `poll`), nothing is done before, and the harness hears of no clock."""
    if not hasattr(select, "poll"):
        return then()
    from . import chance, channel, dates, files, fork_server, locks, offspring, servers, signals
    from . import sockets, threads
    from .core import CORE

    CORE.begin(env)
    locks.replace()
    threads.replace()
    files.replace()
    sockets.replace()
    dates.replace()
    offspring.replace()
    servers.replace()
    signals.replace()
    is_forked = fork_server.serve(then)
    if is_forked:
        CORE.begin(env)
        fork_server.date_logs()
    sockets.meets(env)
    chance.replace(env)
    channel.open(env)
    os.register_at_fork(
        before=CORE.guard_fork,
        after_in_parent=CORE.after_fork,
        after_in_child=lambda: (CORE.begin_again(), channel.open(env)),
    )
    if not is_forked:
        then()
