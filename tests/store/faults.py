"""What is done to processes, servers and networks, a fault at a time; campaign.py says what the verdicts mean.

``python tests/store/faults.py [--rounds N] [--only WORDS] [--out FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "store")]

from campaign import Child, Defect, Lab, N, Round, run  # noqa: E402
from child import PATIENCE  # noqa: E402
from servers import CLOSE, CUT, HANG, LOST, SLOW, TORN, Fault, Rclone  # noqa: E402
from store_samples import SHARD_ROWS, shrink  # noqa: E402

FAULTS: dict[str, Callable[[Round], str]] = {}


def fault(name: str, *, needs_rclone: bool = False) -> Callable[[Callable[[Round], str]], Callable[[Round], str]]:
    def add(function: Callable[[Round], str]) -> Callable[[Round], str]:
        FAULTS[name] = function
        function.needs_rclone = needs_rclone  # type: ignore[attr-defined]
        return function

    return add


# --- processes -----------------------------------------------------------------------------------------------------


@fault("a worker killed")
def _(round: Round) -> str:
    cluster = round.use_dask()
    check = round.at(round.any_request(), round.random.choice(cluster.workers).kill)
    verdict = round.ends(round.line())
    check()
    return verdict


@fault("all workers killed, others started")
def _(round: Round) -> str:
    cluster, killed = round.use_dask(), Event()

    def kill() -> None:
        for worker in cluster.workers:
            worker.kill()
        killed.set()

    check = round.at(round.any_request(), kill)
    line = round.line()
    while not killed.wait(0.05) and line.process.is_alive():
        pass
    cluster.add()
    verdict = round.ends(line)
    check()
    return verdict


@fault("scheduler killed")
def _(round: Round) -> str:
    cluster = round.use_dask()
    check = round.at(round.any_request(), cluster.scheduler.kill)

    def heal() -> None:
        cluster.kill()
        round.use_dask()

    verdict = round.ends(round.line(), heal)
    check()
    return verdict


def client(with_dask: bool, how: signal.Signals) -> Callable[[Round], str]:
    def harm(round: Round) -> str:
        if with_dask:
            round.use_dask()
        lines: list[Child] = []
        check = round.at(round.any_request(), lambda: lines[0].kill(how))
        lines.append(round.line())
        verdict = round.ends(lines[0])
        check()
        return verdict

    return harm


fault("client killed")(client(False, signal.SIGKILL))
fault("client of a cluster killed")(client(True, signal.SIGKILL))
fault("Ctrl-C")(client(False, signal.SIGINT))
fault("Ctrl-C, with a cluster")(client(True, signal.SIGINT))


def server(seconds: float, with_dask: bool) -> Callable[[Round], str]:
    def harm(round: Round) -> str:
        if with_dask:
            round.use_dask()
        killed = Event()

        def kill() -> None:
            round.server.kill()
            killed.set()

        def start() -> None:
            if round.server.process is None:
                round.server.start()

        round.undo.append(start)
        check = round.at(round.any_request(), kill)
        line = round.line()
        while not killed.wait(0.05) and line.process.is_alive():
            pass
        line.process.join(seconds)
        if seconds < PATIENCE:
            start()
        verdict = round.ends(line, start)
        check()
        return verdict

    return harm


for with_dask in (False, True):
    words = ", with a cluster" if with_dask else ""
    fault(f"server killed, started soon{words}", needs_rclone=True)(server(1, with_dask))
    fault(f"server killed, started late{words}", needs_rclone=True)(server(5 * PATIENCE, with_dask))


# --- networks ------------------------------------------------------------------------------------------------------


def some(what: Fault, share: float, with_dask: bool) -> Callable[[Round], str]:
    def harm(round: Round) -> str:
        if with_dask:
            round.use_dask()
        round.share(what, share)
        return round.ends(round.line())

    return harm


def for_good(what: Fault, with_dask: bool) -> Callable[[Round], str]:
    def harm(round: Round) -> str:
        if with_dask:
            round.use_dask()
        check = round.at(round.any_request(), lambda: None, what)
        verdict = round.ends(round.line())
        check()
        return verdict

    return harm


PASSING: dict[str, tuple[Fault, float]] = {
    "500 to 10 % of requests": (500, 0.1),
    "503 to 10 % of requests": (503, 0.1),
    "10 % of answers cut": (CUT, 0.1),
    "10 % of connections closed": (CLOSE, 0.1),
    "10 % of requests cut": (TORN, 0.1),
    "10 % of answers lost": (LOST, 0.1),
    "20 % slow in both directions": (SLOW, 0.2),
    "3 % without an answer": (HANG, 0.03),
}
for name, (what, share) in PASSING.items():
    fault(name)(some(what, share, False))
    fault(f"{name}, with a cluster")(some(what, share, True))
for name, what in {"503 from then on": 503, "connections closed from then on": CLOSE, "403 from then on": 403}.items():
    fault(name)(for_good(what, False))
    fault(f"{name}, with a cluster")(for_good(what, True))


# --- what is wrong from the beginning ------------------------------------------------------------------------------


@fault("wrong keys", needs_rclone=True)
def _(round: Round) -> str:
    return round.ends(round.line(AWS_SECRET_ACCESS_KEY="wrong"))


@fault("wrong keys of a worker", needs_rclone=True)
def _(round: Round) -> str:
    cluster = round.use_dask()
    wrong = cluster.add(AWS_SECRET_ACCESS_KEY="wrong")
    for worker in cluster.workers[:2]:
        worker.kill()
    return round.ends(round.line(), lambda: (wrong.kill(), cluster.add()))


@fault("no bucket")
def _(round: Round) -> str:
    round.out = f"s3://new-{round.bucket.name}/x.zarr"
    round.bucket.name = f"new-{round.bucket.name}"
    return round.ends(round.line(), lambda: round.server.create(round.bucket.name))


@fault("no server", needs_rclone=True)
def _(round: Round) -> str:
    return round.ends(round.line(AWS_ENDPOINT_URL="http://127.0.0.1:1"))


# --- disks ---------------------------------------------------------------------------------------------------------


def disk(round: Round, size: int) -> tuple[Path, Callable[[], None]]:
    """Return a small file system of its own, and what makes it large; root alone may do that."""
    folder = round.path("disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o"]
    subprocess.run([*mount, f"size={size}", "tmpfs", str(folder)], check=True)
    round.undo.append(lambda: subprocess.run(["umount", "-l", str(folder)], check=True) and None)
    return folder, lambda: subprocess.run([*mount, "remount,size=64m", "tmpfs", str(folder)], check=True) and None


#: bytes that the whole takes on a disk, at least
SPACE = 250_000


@fault("disk of the server full", needs_rclone=True)
def _(round: Round) -> str:
    folder, enlarge = disk(round, round.random.randrange(20_000, SPACE))
    (folder / "root").mkdir()
    shared, upstream = round.server, round.proxy.upstream
    round.server = round.bucket.server = Rclone(folder / "root")
    round.undo.append(round.server.kill)
    round.undo.append(lambda: setattr(round.proxy, "upstream", upstream))
    round.proxy.upstream = round.server.endpoint.removeprefix("http://")
    os.environ["AWS_ENDPOINT_URL"] = round.server.endpoint
    del shared
    round.server.create(round.bucket.name)
    if round.random.random() < 0.5:
        round.use_dask()
    return round.ends(round.line(), enlarge)


@fault("disk of all workers full", needs_rclone=True)
def _(round: Round) -> str:
    folder, enlarge = disk(round, round.random.randrange(20_000, SPACE))
    round.out = str(folder / "x.zarr")
    round.use_dask()
    return round.ends(round.line(), enlarge)


@fault("disk of a folder full", needs_rclone=True)
def _(round: Round) -> str:
    folder, enlarge = disk(round, round.random.randrange(20_000, SPACE))
    round.out = str(folder / "x.zarr")
    return round.ends(round.line(), enlarge)


# --- several clients -----------------------------------------------------------------------------------------------


def both(round: Round, *lines: Child) -> list[str]:
    ends = [line.wait() for line in lines]
    if "done" not in ends:
        raise Defect(f"none of them got through: {ends}")
    return ends


def pause(round: Round) -> None:
    time.sleep(round.random.random())


def twins(with_dask: bool) -> Callable[[Round], str]:
    def harm(round: Round) -> str:
        if with_dask:
            round.use_dask()
        first = round.line()
        pause(round)
        ends = both(round, first, round.line())
        round.check_equal()
        if ends != ["done", "done"]:
            raise Defect(f"one of them did not: {ends}")
        return "equal"

    return harm


fault("two clients, one recipe")(twins(False))
fault("two clients of a cluster, one recipe")(twins(True))


@fault("two clients, one recipe, one of them killed")
def _(round: Round) -> str:
    lines: list[Child] = []
    check = round.at(round.any_request(), lambda: lines[0].kill())
    lines += [round.line(), round.line()]
    ends = both(round, *lines)
    check()
    if ends != ["killed", "done"]:
        raise Defect(f"not one killed and one done: {ends}")
    round.check_equal()
    return "equal"


@fault("two clients, two recipes")
def _(round: Round) -> str:
    first = round.line(seed=5)
    pause(round)
    ends = both(round, first, round.line(seed=6))
    winner = ends.index("done")
    if "holds another recipe: seed is" not in ends[1 - winner]:
        raise Defect(f"the other says {ends[1 - winner]}")
    round.check_equal(seed=5 + winner)
    return "one equal, the other told"


@fault("two clients, one extends")
def _(round: Round) -> str:
    more = N + 3 * SHARD_ROWS
    first = round.line(N)
    pause(round)
    ends = both(round, first, round.line(more))
    if ends[1] != "done":
        raise Defect(f"the one that extends says {ends[1]}")
    round.check_equal(more)
    if ends[0] == "done":
        return "equal"
    if "was extended from" not in ends[0] and "rows, more than the" not in ends[0]:
        raise Defect(f"the other says {ends[0]}")
    return "one equal, the other told"


# --- readers -------------------------------------------------------------------------------------------------------


def ready(round: Round) -> None:
    if round.line().wait() != "done":
        raise Defect("it cannot be made")


@fault("a reader with a cold cache killed")
def _(round: Round) -> str:
    ready(round)
    cache, readers = str(round.path("cache")), []
    check = round.at(round.random.randrange(1, 30), lambda: readers[0].kill())
    readers.append(round.child("read", round.out, cache))
    if readers[0].wait() != "killed":
        raise Defect("it lived")
    check()
    round.heal()
    for _ in range(2):
        if (end := round.child("read", round.out, cache).wait()) != "done":
            raise Defect(end)
    return "equal after a repeat"


@fault("readers while it is written")
def _(round: Round) -> str:
    line, n_read = round.line(), 0
    while line.process.is_alive():
        end = round.child("read", round.out, "").wait()
        if end == "done":
            n_read += 1
        elif not end.startswith("simkit: there is no s3://"):
            raise Defect(end)
    if not n_read:
        raise Defect("none was in time")
    return round.ends(line)


@fault("10 % of a reader's answers cut, closed or 503")
def _(round: Round) -> str:
    ready(round)
    round.proxy.fault = lambda method, path: round.random.choice([CUT, CLOSE, 503] + 27 * [None])
    for _ in range(2):
        if (end := round.child("read", round.out, str(round.path("cache"))).wait()) != "done":
            raise Defect(end)
    return "equal"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each fault")
    parser.add_argument("--only", default="", help="part of the names of faults")
    parser.add_argument("--out", type=Path, help="a file to which the counts are added, as a line of JSON")
    options = parser.parse_args()
    shrink()
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    lab = Lab(folder)
    try:
        counts = run(lab, FAULTS, options.rounds, options.only)
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if options.out:
        from benchmarks import machine

        record: dict[str, Any] = {**machine.about(), "case": "faults", "rounds": options.rounds, "counts": counts}
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")
    n_defects = sum(count.get("defect", 0) for count in counts.values())
    print(f"{sum(sum(count.values()) for count in counts.values())} rounds, {n_defects} defects")
    return int(n_defects > 0)


if __name__ == "__main__":
    sys.exit(main())
