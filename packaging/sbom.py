"""The bill of materials of the program, as CycloneDX 1.5, from `cargo metadata` and Cargo.lock.

    python3 packaging/sbom.py TARGET > OUT/crisp-mock-VERSION.cdx.json

Every crate that is built into the program for TARGET (`cargo tree` without what only tests and builds
need), with its version, its licence and the checksum that Cargo.lock holds it to. No clock, no chance.
"""

import json
import subprocess
import sys
import tomllib

import project


def cargo(*words):
    ended = subprocess.run(["cargo", *words], cwd=project.ROOT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"cargo {' '.join(words)} failed: {ended.stderr}")
    return ended.stdout


def built_in(target):
    """The names and versions of the crates that the program is made of."""
    tree = cargo(
        *["tree", "--locked", "--package", "crisp-mock", "--edges", "normal", "--target", target],
        *["--prefix", "none", "--format", "{p}"],
    )
    words = (line.split() for line in tree.splitlines() if line.strip())
    return sorted({(word[0], word[1].removeprefix("v")) for word in words})


def checksums():
    with open(project.ROOT / "Cargo.lock", "rb") as file:
        packages = tomllib.load(file)["package"]
    return {(package["name"], package["version"]): package.get("checksum") for package in packages}


def component(name, version, about, checksum):
    url = f"pkg:cargo/{name}@{version}"
    found = {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
    if licence := about.get("license"):
        # Some still part alternatives by a slash, as SPDX does not.
        found["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found


def main():
    (target,) = sys.argv[1:]
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    about = {(package["name"], package["version"]): package for package in metadata["packages"]}
    sums = checksums()
    crates = built_in(target)
    components = [component(*crate, about[crate], sums[crate]) for crate in crates]
    program = next(part for part in components if part["name"] == "crisp-mock")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program | {"type": "application"}},
        "components": [part for part in components if part is not program],
    }
    print(json.dumps(bill, indent=2))


main()
