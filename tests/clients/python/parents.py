"""The mended loop, which notes from which process it comes, and whether libraries were loaded before its first line. If
ODD is set, one that finds some loaded never polls, or dies."""

import os
import runpy
import sys

found = "http.server" in sys.modules
with open(os.environ["PARENTS"], "a") as file:
    file.write(f"{os.getppid()} {found}\n")
odd = os.environ.get("ODD") if found else None
if odd == "dies":
    sys.exit("loaded before")
if odd == "never polls":
    os.environ["CRISP_POLL_MS"] = "1000000000"
runpy.run_path("examples/mended-loop/plugin.py", run_name="__main__")
