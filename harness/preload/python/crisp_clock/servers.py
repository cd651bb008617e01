"""Libraries that keep time outside of Python, or wake up without need."""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

from . import databases
from .core import CORE, Wait, rounded

# An event loop in C has its own clock. Where it is not found, servers take asyncio's.
HIDDEN = ("uvloop",)


class _Finder(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r} (its clock is in C)", name=name)
        if name in CHANGED:
            spec = PathFinder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                _after(spec.loader, CHANGED[name])
            return spec
        return None


def replace():
    sys.meta_path.insert(0, _Finder())


def _after(loader, change):
    native = loader.exec_module

    def exec_module(module):
        native(module)
        change(module)

    loader.exec_module = exec_module


def _quiet_uvicorn(module):
    """uvicorn looks ten times a second whether it is to stop, which is no alarm of the program."""
    sleep = module.asyncio.sleep

    class Asyncio:
        """The module's `asyncio`, with a sleep that is no alarm where it is a tenth of a second."""

        def __getattr__(self, name):
            return getattr(sys.modules["asyncio"], name)

        @staticmethod
        async def sleep(delay, *args):
            if delay != 0.1:
                return await sleep(delay, *args)
            loop = sys.modules["asyncio"].get_running_loop()
            over = loop.create_future()
            wait = Wait(lambda: loop.call_soon_threadsafe(_set, over))
            CORE.housekeeping(wait, rounded(delay))
            try:
                await over
            finally:
                CORE.forget(wait)

    module.asyncio = Asyncio()


def _set(future):
    if not future.done():
        future.set_result(None)


# What is done to a module once it is loaded.
CHANGED = {"uvicorn.server": _quiet_uvicorn, "sqlite3.dbapi2": databases.follow}
