"""Starting, asking and watching servers; Linux, since it reads /proc."""

import base64
import json
import os
import re
import socket
import statistics
import subprocess
import time

from peers import environment

TICKS = os.sysconf("SC_CLK_TCK")
# The development pair of `crisp-mock serve`, filled in when ours first starts.
HEAD = (
    "host: 127.0.0.1\r\nauthorization: Basic {}\r\nx-crisp-tier: plugin\r\n"
    "user-agent: node-crisp-api/10.0.27\r\naccept: application/json\r\nconnection: {}\r\n\r\n"
)
credentials = ""


def median(values):
    return statistics.median(values)


def request(path, connection="keep-alive"):
    return f"GET {path} HTTP/1.1\r\n" + HEAD.format(credentials, connection)


def fetch(port, path):
    """One answer on a connection of its own: its status and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        stream.sendall(request(path, "close").encode())
        answer = b""
        while not is_whole(answer) and (piece := stream.recv(65536)):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def is_whole(answer):
    """Some keep the connection whatever they are told, so its end is not waited for."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(length) and len(body) >= int(length[1]) or body.endswith(b"\r\n0\r\n\r\n")


def free_port():
    """A free port; the one after it is free, too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue


def family(pid):
    """The process and its children: some serve from a worker process."""
    yield pid
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as children:
            for child in children.read().split():
                yield from family(int(child))


class Running:
    """A server that has answered once; `started` is how long that took, in seconds."""

    def __init__(self, peer, folder):
        global credentials
        self.name, self.path, self.port = peer.name, peer.path, free_port()
        command = peer.start(self.port)
        chooses = "peers" in os.path.basename(command[0])
        log = open(f"{folder}/log", "wb")
        out = subprocess.PIPE if chooses else log
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=out, stderr=log, env=environment(), cwd=folder)
        if chooses:
            self.port = int(self.process.stdout.readline())
        if peer.name == "crisp-mock" and not credentials:
            credentials = development_pair(command[0])
        self.await_answer(began, f"{folder}/log")
        self.rates, self.per_core, self.p99s = [], [], []

    def await_answer(self, began, log):
        while time.perf_counter() - began < 60:
            if self.process.poll() is not None:
                break
            try:
                if fetch(self.port, self.path)[0] // 100 == 2:
                    self.started = time.perf_counter() - began
                    return
            except (OSError, IndexError, ValueError):
                pass
            time.sleep(0.002)
        self.stop()
        raise RuntimeError(f"{self.name} did not answer:\n{open(log).read()[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def resident(self):
        """Megabytes of all its processes; what several share counts for each by its share."""
        kilobytes = 0
        for process in family(self.process.pid):
            with open(f"/proc/{process}/smaps_rollup") as rollup:
                line = next(line for line in rollup if line.startswith("Pss:"))
            kilobytes += int(line.split()[1])
        return kilobytes / 1024

    def cpu(self):
        """Seconds of all threads of all its processes, to the nanosecond."""
        total = 0
        for process in family(self.process.pid):
            for thread in os.listdir(f"/proc/{process}/task"):
                try:
                    with open(f"/proc/{process}/task/{thread}/schedstat") as stat:
                        total += int(stat.read().split()[0])
                except OSError:
                    pass  # it has ended in the meantime
        return total / 1e9

    def note(self, result):
        self.rates.append(result["rate"])
        self.per_core.append(result["per_core"])
        self.p99s.append(result["p99_us"])


def development_pair(binary):
    """The token of an emulator that was told none."""
    said = subprocess.run(
        [binary, "exec", "--quiet", "--", "sh", "-c", "printf %s:%s $CRISP_IDENTIFIER $CRISP_KEY"],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return base64.b64encode(said.stdout).decode()


def load(server, seconds):
    """One request over and over, on 16 connections, by wrk; what came of it."""
    head = HEAD.format(credentials, "keep-alive").strip().split("\r\n")[1:]
    words = [word for line in head for word in ("--header", line)]
    url = f"http://127.0.0.1:{server.port}{server.path}"
    command = ["wrk", "--threads", "1", "--connections", "16", "--duration", str(seconds), "--latency"]
    before = server.cpu()
    said = subprocess.run([*command, *words, url], stdout=subprocess.PIPE, text=True, check=True).stdout
    spent = server.cpu() - before
    if "Non-2xx" in said:
        raise RuntimeError(f"{server.name} refused requests:\n{said}")
    requests = int(re.search(r"(\d+) requests in", said)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said).groups()
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "per_core": requests / spent,
        "p99_us": float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit],
    }


class Machine:
    """How much of the machine others used since this was made."""

    def __init__(self):
        self.began, self.all, self.ours = time.monotonic(), self.ticks(), self.own()

    def ticks(self):
        with open("/proc/stat") as stat:
            return sum(map(int, stat.readline().split()[1:4])) / TICKS

    def own(self):
        """Ours: this process's group, with what has ended of it."""
        total, group = sum(os.times()[:4]), os.getpgrp()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and int(pid) != os.getpid():
                total += (int(fields[11]) + int(fields[12])) / TICKS
        return total

    def foreign(self):
        passed = (time.monotonic() - self.began) * os.cpu_count()
        return max(0.0, (self.ticks() - self.all - (self.own() - self.ours)) / passed)
