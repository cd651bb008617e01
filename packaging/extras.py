"""The manual and the completions that every package carries, printed by the program itself.

    python3 packaging/extras.py PROGRAM OUT

PROGRAM has to run on this machine; what it prints is the same for all platforms.
"""

import pathlib
import subprocess
import sys

COMPLETIONS = {"bash": "crisp-mock.bash", "zsh": "_crisp-mock", "fish": "crisp-mock.fish"}
PAGES = ["serve", "exec", "replay", "check", "explain", "validate", "schema", "ctl", "healthcheck", "completions"]


def said(program, *words):
    ended = subprocess.run([program, *words], capture_output=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"{program} {' '.join(words)} failed: {ended.stderr.decode(errors='replace')}")
    return ended.stdout


def write(program, out):
    """Writes `man/*.1` and `completions/*` below a folder."""
    out = pathlib.Path(out)
    (out / "man").mkdir(parents=True, exist_ok=True)
    (out / "completions").mkdir(exist_ok=True)
    (out / "man" / "crisp-mock.1").write_bytes(said(program, "man"))
    for page in PAGES:
        (out / "man" / f"crisp-mock-{page}.1").write_bytes(said(program, "man", page))
    for shell, file in COMPLETIONS.items():
        (out / "completions" / file).write_bytes(said(program, "completions", shell))


if __name__ == "__main__":
    write(*sys.argv[1:])
