"""Where the program lies."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig


class BinaryNotFound(RuntimeError):
    """There is no program; the message says where it was looked for, and what to do."""


def _folders() -> list[str]:
    """Where pip puts scripts: of this environment, of the user, beside a `--target` folder."""
    user = {"posix": "posix_user", "nt": "nt_user"}.get(os.name)
    found = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable)]
    if user in sysconfig.get_scheme_names():
        found.append(sysconfig.get_path("scripts", user))
    package = os.path.dirname(os.path.abspath(__file__))
    found.append(os.path.join(os.path.dirname(package), "bin"))
    return found


def binary() -> str:
    """The program's path: what CRISP_MOCK_BINARY names, else the one installed with this package,
    else the one on PATH.

    Raises BinaryNotFound when there is none.
    """
    if chosen := os.environ.get("CRISP_MOCK_BINARY"):
        return chosen
    name = "crisp-mock" + (sysconfig.get_config_var("EXE") or "")
    folders = _folders()
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    if on_path := shutil.which("crisp-mock"):
        return on_path
    raise BinaryNotFound(
        f"there is no {name} in {', '.join(folders)} or on PATH: install a wheel of crisp-mock for this "
        "platform, or build the program from its source (docs/install.md) and name it in "
        "CRISP_MOCK_BINARY"
    )
