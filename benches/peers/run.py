#!/usr/bin/env python3
"""Mock servers side by side with ours, on the same page of 20 websites: requests a second, p99,
start time, memory.

    python3 benches/peers/run.py            everything that installs here, in about five minutes
    python3 benches/peers/run.py --quick    the same with fewer rounds
    python3 benches/peers/run.py wiremock   only peers whose name contains that

Packages come from npm and crates.io, pinned by the lock files beside this script; what does not
install is named and left out. Load goes over loopback only, from wrk with 16 connections,
for a bounded time. Servers are asked in turn, one round after the other, and a ratio is the median
of the ratios of rounds side by side, so that what else the machine does meets all alike.
"""

import argparse
import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Machine, Running, fetch, load, median
from peers import PATH, all_peers, ours, schema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(*command, **options):
    """Runs a command; tells whether it succeeded."""
    print("$", *command, file=sys.stderr)
    return subprocess.run(command, **options).returncode == 0


def installed(target):
    """Installs what can be; gives the folders and files where the peers should then be."""
    node, rust = target / "node", target / "rust/release/peers"
    if not (node / "node_modules").is_dir() and shutil.which("npm"):
        node.mkdir(parents=True, exist_ok=True)
        for file in ["package.json", "package-lock.json"]:
            shutil.copy(HERE / "node" / file, node)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=node)
    manifest = str(HERE / "rust/Cargo.toml")
    words = ["--release", "--locked", "--target-dir", str(target / "rust")]
    run("cargo", "build", "--manifest-path", manifest, *words)
    rift = shutil.which("rift-http-proxy") or target / "rift/bin/rift-http-proxy"
    return node, rust, rift


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*", help="only peers whose name contains one of these")
    asked.add_argument("--quick", action="store_true", help="fewer rounds")
    asked.add_argument("--with-rift", action="store_true", help="also build Rift, which takes a while")
    asked = asked.parse_args()
    rounds, starts = (3, 3) if asked.quick else (9, 5)

    run("cargo", "build", "--profile", "dist", "--bin", "crisp-mock", cwd=ROOT) or sys.exit(1)
    shutil.which("wrk") or sys.exit("wrk sends the load, and is not here: `apt-get install wrk`")
    target = ROOT / "target/peers"
    if asked.with_rift:
        words = ["rift-http-proxy", "--version", "0.19.0", "--locked", "--root", str(target / "rift")]
        run("cargo", "install", *words)
    node, rust, rift = installed(target)

    folder = tempfile.mkdtemp(prefix="peers-")
    atexit.register(shutil.rmtree, folder, True)
    file = Path(folder) / "schema.json"
    file.write_text(json.dumps(schema()))
    us = ours(str(ROOT / "target/dist/crisp-mock"), str(file), folder)
    with Running(us, folder) as running:
        page = fetch(running.port, PATH)[1].decode()
    peers = [us] + [
        peer
        for peer in all_peers(page, node, rust, rift, folder)
        if not asked.names or any(name.lower() in peer.name.lower() for name in asked.names)
    ]
    missing = [peer.name for peer in peers if not Path(peer.needs).exists()]
    peers = [peer for peer in peers if peer.name not in missing]

    machine = Machine()
    took = {peer.name: [] for peer in peers}
    for number in range(starts):
        for peer in list(peers):
            try:
                with Running(peer, folder) as running:
                    took[peer.name].append(running.started)
            except RuntimeError as error:
                print(error, file=sys.stderr)
                missing.append(f"{peer.name} (does not start)")
                peers.remove(peer)
        print(f"start {number + 1} of {starts}", file=sys.stderr)

    running = [Running(peer, folder) for peer in peers]
    for server in running:
        atexit.register(server.stop)
        server.idle = server.resident()
    for server in running:  # so that every runtime has compiled what it will
        load(server, 3)
    for number in range(rounds):
        for server in running:
            server.note(load(server, 1))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    show(running, took, len(page), machine)
    if missing:
        print("\nNot measured, since they did not install or start here:", ", ".join(missing))


def show(running, took, size, machine):
    """The table, and how far to trust it."""
    us = running[0]
    print(f"\nA page of 20 websites, {size} bytes, 16 connections; ours / theirs or theirs / ours,")
    print("so that every ratio above 1 is in our favour.\n")
    print("| | req/s | per server core | p99 | start | memory idle | after the load |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    start = median(took[us.name])
    print(
        f"| **{us.name}** | {median(us.rates):,.0f} | {median(us.per_core):,.0f} | "
        f"{median(us.p99s) / 1e3:.1f} ms | {start * 1e3:.0f} ms | {us.idle:.0f} MB | "
        f"{us.resident():.0f} MB |"
    )
    for server in running[1:]:
        rate = statistics.median(a / b for a, b in zip(us.rates, server.rates))
        core = statistics.median(a / b for a, b in zip(us.per_core, server.per_core))
        p99 = statistics.median(b / a for a, b in zip(us.p99s, server.p99s))
        began = median(took[server.name])
        cells = [
            f"{median(server.rates):,.0f} ({rate:.2f})",
            f"{median(server.per_core):,.0f} ({core:.2f})",
            f"{median(server.p99s) / 1e3:.1f} ms ({p99:.2f})",
            f"{began * 1e3:.0f} ms ({began / start:.2f})",
            f"{server.idle:.0f} MB ({server.idle / us.idle:.2f})",
            f"{server.resident():.0f} MB ({server.resident() / us.resident():.2f})",
        ]
        print(f"| {server.name} | {' | '.join(cells)} |")
    print(f"\n{os.cpu_count()} cores; other work used {machine.foreign():.0%} of them during the run.")


if __name__ == "__main__":
    main()
