"""Signals that the machine sends after a time: they keep its time, and the harness is told so."""

import signal

from .core import CORE


def replace():
    for name, at in (("alarm", 0), ("setitimer", 1)):
        native = getattr(signal, name, None)
        if native is not None:
            setattr(signal, name, _told(native, at))


def _told(native, at):
    def called(*arguments):
        if len(arguments) > at and arguments[at]:
            CORE.unmoved = f"signal.{native.__name__}"
        return native(*arguments)

    called.__name__ = called.__qualname__ = native.__name__
    return called
