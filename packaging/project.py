"""What all packages share: the version, the platforms, the licences, the time that files carry."""

import argparse
import os
import pathlib
import subprocess
import tomllib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]


@dataclass(frozen=True)
class Platform:
    """A platform that a program is built for."""

    # As Node calls it: `process.platform`-`process.arch`.
    name: str
    # As Rust calls it.
    target: str
    # As pip calls it. A static program runs with every libc, so one wheel has both.
    wheel: str

    @property
    def os(self):
        return self.name.split("-")[0]

    @property
    def cpu(self):
        return self.name.split("-")[1]

    @property
    def program(self):
        return self.file("crisp-mock")

    def file(self, program):
        return f"{program}.exe" if self.os == "win32" else program


def _linux(cpu):
    return ".".join(f"{libc}_{cpu}" for libc in ["manylinux_2_17", "manylinux2014", "musllinux_1_1"])


PLATFORMS = {
    platform.name: platform
    for platform in [
        Platform("linux-x64", "x86_64-unknown-linux-musl", _linux("x86_64")),
        Platform("linux-arm64", "aarch64-unknown-linux-musl", _linux("aarch64")),
        Platform("darwin-arm64", "aarch64-apple-darwin", "macosx_11_0_arm64"),
        Platform("darwin-x64", "x86_64-apple-darwin", "macosx_10_12_x86_64"),
        Platform("win32-x64", "x86_64-pc-windows-msvc", "win_amd64"),
    ]
}


def version():
    """The one version of everything: the workspace's."""
    with open(ROOT / "Cargo.toml", "rb") as file:
        return tomllib.load(file)["workspace"]["package"]["version"]


def time():
    """Seconds since 1970 that all files carry, so that the same commit makes the same bytes."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    last = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    found = subprocess.run(last, capture_output=True, text=True, check=False)
    # Without a repository around it: 1980, the earliest that a zip file knows.
    return int(found.stdout) if found.returncode == 0 and found.stdout.strip() else 315532800


def command_line(about):
    """What a script that makes packages is given: `extras`, `out`, which is there then, `programs`, and
    `services`: crisp-sync, for as many platforms as it was built for."""
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("--extras", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    arguments.add_argument("--sync", action="append", default=[], metavar="PLATFORM=PATH")
    arguments.add_argument("programs", nargs="+", metavar="PLATFORM=PATH")
    given = arguments.parse_args()
    given.programs = _programs(given.programs)
    given.services = _programs(given.sync)
    given.out.mkdir(parents=True, exist_ok=True)
    return given


def _programs(words):
    """The words `linux-x64=PATH` of a command line, as platforms with their programs."""
    found = {}
    for word in words:
        name, _, path = word.partition("=")
        if name not in PLATFORMS:
            raise SystemExit(f"there is no platform `{name}`: name one of {', '.join(PLATFORMS)}")
        if not os.path.isfile(path):
            raise SystemExit(f"{word}: there is no program at {path}: build it first")
        found[PLATFORMS[name]] = pathlib.Path(path)
    return found
