"""The npm packages: `crisp-mock`, and one with the program for each platform.

    python3 packaging/npm.py --extras EXTRAS --out OUT [--sync linux-x64=PATH] linux-x64=PATH [linux-arm64=PATH …]

EXTRAS is what extras.py wrote; `--sync` names crisp-sync for a platform. The thin package names exactly the platforms that were given, in exactly
this version: it cannot ask for a package that was not made with it.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile

import project


def pack(folder, out):
    """`npm pack`; it gives all files the same time, so that the same content is the same tarball."""
    words = ["npm", "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", str(out)]
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def describe(folder, manifest):
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "package.json").write_text(text, encoding="utf-8")
    for licence in project.LICENCES:
        shutil.copy(project.ROOT / licence, folder / licence)


def source_manifest():
    text = (project.ROOT / "clients/node/package.json").read_text(encoding="utf-8")
    return json.loads(text)


def platform_package(platform, programs, folder):
    source = source_manifest()
    (folder / "bin").mkdir(parents=True)
    for name, program in programs.items():
        placed = folder / "bin" / platform.file(name)
        shutil.copyfile(program, placed)
        placed.chmod(0o755)
    readme = f"The program of [crisp-mock](https://www.npmjs.com/package/crisp-mock) for {platform.name}.\n"
    (folder / "README.md").write_text(readme, encoding="utf-8")
    describe(
        folder,
        {
            "name": f"@crisp-mock/{platform.name}",
            "version": project.version(),
            "description": f"The program of crisp-mock for {platform.name}.",
            "license": source["license"],
            "repository": source["repository"],
            "os": [platform.os],
            "cpu": [platform.cpu],
            "files": ["bin", "LICENSE-*"],
            # Yarn would leave it in a zip file, where it cannot be started.
            "preferUnplugged": True,
        },
    )


def thin_package(platforms, extras, folder):
    ignored = shutil.ignore_patterns("node_modules")
    shutil.copytree(project.ROOT / "clients/node", folder, ignore=ignored)
    for name in ["man", "completions"]:
        shutil.copytree(extras / name, folder / name)
    for launcher in (folder / "bin").iterdir():
        launcher.chmod(0o755)
    version = project.version()
    manifest = source_manifest()
    manifest["version"] = version
    manifest["man"] = sorted(f"./man/{page.name}" for page in (folder / "man").iterdir())
    names = sorted(f"@crisp-mock/{platform.name}" for platform in platforms)
    manifest["optionalDependencies"] = {name: version for name in names}
    describe(folder, manifest)


def main():
    given = project.command_line(__doc__)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for platform, program in given.programs.items():
            folder = work / platform.name
            programs = {"crisp-mock": program}
            if service := given.services.get(platform):
                programs["crisp-sync"] = service
            platform_package(platform, programs, folder)
            pack(folder, given.out.resolve())
        thin_package(given.programs, given.extras, work / "thin")
        pack(work / "thin", given.out.resolve())


main()
