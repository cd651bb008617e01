"""The wheels: the program as a script beside the Python package, one for each platform.

    python3 packaging/wheel.py --extras EXTRAS --out OUT [--sync linux-x64=PATH] linux-x64=PATH [linux-arm64=PATH …]

EXTRAS is what extras.py wrote; `--sync` names crisp-sync for a platform. A wheel is a zip file with a list of its content (PEP 427); the metadata
come from clients/python/pyproject.toml, the version from the workspace.
"""

import base64
import hashlib
import time
import tomllib
import zipfile

import project

SOURCE = project.ROOT / "clients/python"


def metadata(about, version):
    """The METADATA file, as in version 2.4 of its format."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {about['name']}",
        f"Version: {version}",
        f"Summary: {about['description']}",
        f"Requires-Python: {about['requires-python']}",
        f"License-Expression: {about['license']}",
        *(f"License-File: {licence}" for licence in project.LICENCES),
        f"Keywords: {','.join(about['keywords'])}",
        *(f"Classifier: {classifier}" for classifier in about["classifiers"]),
        *(f"Project-URL: {name}, {url}" for name, url in about["urls"].items()),
        "Description-Content-Type: text/markdown",
        "",
        (SOURCE / "README.md").read_text(encoding="utf-8"),
    ]
    return "\n".join(lines)


def entry_points(about):
    lines = []
    for group, points in about["entry-points"].items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {target}" for name, target in points.items()]
    return "\n".join(lines) + "\n"


def content(platform, program, service, extras, about, version):
    """Every file of a wheel: its name, its bytes, whether it can be started."""
    stem = f"crisp_mock-{version}"
    for file in sorted((SOURCE / "crisp_mock").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(SOURCE).as_posix(), file.read_bytes(), False
    yield f"{stem}.data/scripts/{platform.program}", program.read_bytes(), True
    if service is not None:
        yield f"{stem}.data/scripts/{platform.file('crisp-sync')}", service.read_bytes(), True
    shares = {"man": "man/man1", "crisp-mock.bash": "bash-completion/completions"}
    shares |= {"_crisp-mock": "zsh/site-functions", "crisp-mock.fish": "fish/vendor_completions.d"}
    for file in sorted(extras.glob("*/*")):
        where = shares["man" if file.parent.name == "man" else file.name]
        # Bash finds completions by the name of the command.
        name = "crisp-mock" if file.name == "crisp-mock.bash" else file.name
        yield f"{stem}.data/data/share/{where}/{name}", file.read_bytes(), False
    info = f"{stem}.dist-info"
    yield f"{info}/METADATA", metadata(about, version).encode(), False
    tags = [f"Tag: py3-none-{tag}" for tag in platform.wheel.split(".")]
    wheel = ["Wheel-Version: 1.0", "Generator: crisp-mock packaging", "Root-Is-Purelib: false", *tags]
    yield f"{info}/WHEEL", ("\n".join(wheel) + "\n").encode(), False
    yield f"{info}/entry_points.txt", entry_points(about).encode(), False
    for licence in project.LICENCES:
        yield f"{info}/licenses/{licence}", (project.ROOT / licence).read_bytes(), False


def write(path, files, record):
    """The zip file, with the record of everything in it as its last member."""
    moment = time.gmtime(max(project.time(), 315532800))[:6]
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:

        def add(name, data, runs):
            member = zipfile.ZipInfo(name, moment)
            member.create_system = 3
            member.external_attr = (0o100755 if runs else 0o100644) << 16
            wheel.writestr(member, data, zipfile.ZIP_DEFLATED, 9)

        for name, data, runs in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
            add(name, data, runs)
        lines.append(f"{record},,")
        add(record, ("\n".join(lines) + "\n").encode(), False)


def main():
    given = project.command_line(__doc__)
    with open(SOURCE / "pyproject.toml", "rb") as file:
        about = tomllib.load(file)["project"]
    version = project.version()
    for platform, program in given.programs.items():
        service = given.services.get(platform)
        files = content(platform, program, service, given.extras, about, version)
        path = given.out / f"crisp_mock-{version}-py3-none-{platform.wheel}.whl"
        write(path, files, f"crisp_mock-{version}.dist-info/RECORD")


main()
