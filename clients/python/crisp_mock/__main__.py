"""`python -m crisp_mock serve`: the program, in place of this process where the system can do that."""

import os
import subprocess
import sys

from crisp_mock.binary import BinaryNotFound, binary


def main() -> int:
    try:
        program = binary()
    except BinaryNotFound as error:
        print(f"crisp-mock: {error}", file=sys.stderr)
        return 127
    words = [program, *sys.argv[1:]]
    if os.name == "posix":
        try:
            os.execv(program, words)
        except OSError as error:
            print(f"crisp-mock: {program} could not be started: {error}", file=sys.stderr)
            return 127
    return subprocess.run(words, check=False).returncode


sys.exit(main())
