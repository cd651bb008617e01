"""The archive of a platform: the program with its manual, its completions and the licences.

    python3 packaging/archive.py --extras EXTRAS --out OUT [--sync linux-x64=PATH] linux-x64=PATH [linux-arm64=PATH …]

The name and the place of the program inside are what `[package.metadata.binstall]` of Cargo.toml says.
"""

import gzip
import io
import tarfile

import project


def add(archive, name, data, mode):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = mode
    member.mtime = project.time()
    archive.addfile(member, io.BytesIO(data))


def write(path, stem, platform, program, service, extras):
    """A gzip file without a name and a time of its own, of a tar file without owners."""
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            add(archive, f"{stem}/{platform.program}", program.read_bytes(), 0o755)
            if service is not None:
                add(archive, f"{stem}/{platform.file('crisp-sync')}", service.read_bytes(), 0o755)
            for file in ["README.md", "CHANGELOG.md", *project.LICENCES]:
                add(archive, f"{stem}/{file}", (project.ROOT / file).read_bytes(), 0o644)
            for file in sorted(extras.glob("*/*")):
                name = file.relative_to(extras).as_posix()
                add(archive, f"{stem}/{name}", file.read_bytes(), 0o644)


def main():
    given = project.command_line(__doc__)
    for platform, program in given.programs.items():
        stem = f"crisp-mock-{project.version()}-{platform.target}"
        write(given.out / f"{stem}.tar.gz", stem, platform, program, given.services.get(platform), given.extras)


main()
