"""Takes the clock from a Python program that crisp-mock starts, without a change to the program:

    PYTHONPATH=…/preload/python CRISP_CLOCK_CHANNEL=127.0.0.1:PORT python plugin.py

Time stands still until the harness moves it over the channel; docs/clock-channel.md has the
messages. Without CRISP_CLOCK_CHANNEL nothing happens but that the next `sitecustomize` is run.
"""

import os
import sys


def _hand_on():
    """Runs the `sitecustomize` that would have been found if this one were not there."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.realpath(os.path.dirname(__file__))
    others = [path for path in sys.path if os.path.realpath(path) != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("CRISP_CLOCK_CHANNEL") and sys.version_info >= (3, 9):
    import crisp_clock

    crisp_clock.start(os.environ, _hand_on)
else:
    _hand_on()
