"""Leads the connections of a Python program to Crisp's hosts to an emulator, without a change to the
program:

    PYTHONPATH=…/intercept/python
    CRISP_INTERCEPT_HOSTS=api.crisp.chat,.relay.crisp.chat CRISP_INTERCEPT_TO=127.0.0.1:PORT

Without the two variables nothing happens but that the next `sitecustomize` is run.
"""

import os
import sys


def _hand_on():
    """Runs the `sitecustomize` that would have been found if this one were not there. Folders before
    this one are not looked at: what lies there has handed on to us."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.realpath(os.path.dirname(__file__))
    places = [os.path.realpath(path) for path in sys.path]
    after = sys.path[places.index(here) + 1 :] if here in places else []
    spec = PathFinder.find_spec("sitecustomize", after)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("CRISP_INTERCEPT_HOSTS") and os.environ.get("CRISP_INTERCEPT_TO"):
    import crisp_redirect

    crisp_redirect.start(os.environ)

_hand_on()
