"""The mended loop, which notes from which process it comes, and whether libraries were loaded before its first line. If
ODD is set, one that finds some loaded never polls."""

import os
import runpy
import sys

found = "http.server" in sys.modules
with open(os.environ["PARENTS"], "a") as file:
    file.write(f"{os.getppid()} {found}\n")
if found and "ODD" in os.environ:
    os.environ["CRISP_POLL_MS"] = "1000000000"
runpy.run_path("examples/mended-loop/plugin.py", run_name="__main__")
