"""What is done to processes, servers and networks, a fault at a time; campaign.py says what the verdicts mean.

``python tests/store/faults.py [--trials N] [--only PATTERN] [--out FILE]``
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

from campaign import Child, DefectError, Lab, MissedError, N, Trial, run  # noqa: E402
from child import PATIENCE  # noqa: E402
from servers import CLOSE, CUT, HANG, LOST, SLOW, TORN, Fault, Rclone  # noqa: E402
from store_samples import SHARD_ROWS, shrink  # noqa: E402

FAULTS: dict[str, Callable[[Trial], str]] = {}


def fault(name: str, *, needs_rclone: bool = False) -> Callable[[Callable[[Trial], str]], Callable[[Trial], str]]:
    def add(function: Callable[[Trial], str]) -> Callable[[Trial], str]:
        FAULTS[name] = function
        function.needs_rclone = needs_rclone  # type: ignore[attr-defined]
        return function

    return add


# --- processes -----------------------------------------------------------------------------------------------------


@fault("a worker killed")
def _(trial: Trial) -> str:
    cluster = trial.use_dask()
    check = trial.at(trial.any_request(), trial.random.choice(cluster.workers).kill)
    verdict = trial.ends(trial.line())
    check()
    return verdict


@fault("all workers killed, others started")
def _(trial: Trial) -> str:
    cluster, killed = trial.use_dask(), Event()

    def kill() -> None:
        for worker in cluster.workers:
            worker.kill()
        killed.set()

    check = trial.at(trial.any_request(), kill)
    line = trial.line()
    while not killed.wait(0.05) and line.process.is_alive():
        pass
    cluster.add()
    verdict = trial.ends(line)
    check()
    return verdict


@fault("scheduler killed")
def _(trial: Trial) -> str:
    cluster = trial.use_dask()
    check = trial.at(trial.any_request(), cluster.scheduler.kill)

    def heal() -> None:
        cluster.kill()
        trial.use_dask()

    verdict = trial.ends(trial.line(), heal)
    check()
    return verdict


def client(with_dask: bool, how: signal.Signals) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        if with_dask:
            trial.use_dask()
        lines: list[Child] = []
        check = trial.at(trial.any_request(), lambda: lines[0].kill(how))
        lines.append(trial.line())
        verdict = trial.ends(lines[0])
        check()
        return verdict

    return harm


fault("client killed")(client(False, signal.SIGKILL))
fault("client of a cluster killed")(client(True, signal.SIGKILL))
fault("Ctrl-C")(client(False, signal.SIGINT))
fault("Ctrl-C, with a cluster")(client(True, signal.SIGINT))


def server(seconds: float, with_dask: bool) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        if with_dask:
            trial.use_dask()
        killed = Event()

        def kill() -> None:
            trial.server.kill()
            killed.set()

        def start() -> None:
            if trial.server.process is None:
                trial.server.start()

        trial.undo.append(start)
        check = trial.at(trial.any_request(), kill)
        line = trial.line()
        while not killed.wait(0.05) and line.process.is_alive():
            pass
        line.process.join(seconds)
        if seconds < PATIENCE:
            start()
        verdict = trial.ends(line, start)
        check()
        return verdict

    return harm


for with_dask in (False, True):
    words = ", with a cluster" if with_dask else ""
    fault(f"server killed, started soon{words}", needs_rclone=True)(server(1, with_dask))
    fault(f"server killed, started late{words}", needs_rclone=True)(server(5 * PATIENCE, with_dask))


# --- networks ------------------------------------------------------------------------------------------------------


def some(what: Fault, share: float, with_dask: bool) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        if with_dask:
            trial.use_dask()
        trial.share(what, share)
        return trial.ends(trial.line())

    return harm


def for_good(what: Fault, with_dask: bool) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        if with_dask:
            trial.use_dask()
        check = trial.at(trial.any_request(), lambda: None, what)
        verdict = trial.ends(trial.line())
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


fault("wrong keys", needs_rclone=True)(lambda trial: trial.ends(trial.line(AWS_SECRET_ACCESS_KEY="wrong")))
fault("no server", needs_rclone=True)(lambda trial: trial.ends(trial.line(AWS_ENDPOINT_URL="http://127.0.0.1:1")))


@fault("wrong keys of a worker", needs_rclone=True)
def _(trial: Trial) -> str:
    cluster = trial.use_dask()
    wrong = cluster.add(AWS_SECRET_ACCESS_KEY="wrong")
    for worker in cluster.workers[:2]:
        worker.kill()
    return trial.ends(trial.line(), lambda: (wrong.kill(), cluster.add()))


@fault("no bucket")
def _(trial: Trial) -> str:
    trial.out = f"s3://new-{trial.bucket.name}/x.zarr"
    trial.bucket.name = f"new-{trial.bucket.name}"
    return trial.ends(trial.line(), lambda: trial.server.create(trial.bucket.name))


# --- disks ---------------------------------------------------------------------------------------------------------


def disk(trial: Trial, size: int) -> tuple[Path, Callable[[], None]]:
    """Return a small file system of its own, and what makes it large; root alone may do that."""
    folder = trial.path("disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o"]
    subprocess.run([*mount, f"size={size}", "tmpfs", str(folder)], check=True)
    trial.undo.append(lambda: subprocess.run(["umount", "-l", str(folder)], check=True) and None)
    return folder, lambda: subprocess.run([*mount, "remount,size=64m", "tmpfs", str(folder)], check=True) and None


#: bytes that the whole takes on a disk, at least
SPACE = 100_000


@fault("disk of the server full", needs_rclone=True)
def _(trial: Trial) -> str:
    folder, enlarge = disk(trial, trial.random.randrange(20_000, SPACE))
    (folder / "root").mkdir()
    upstream = trial.proxy.upstream
    trial.server = trial.bucket.server = Rclone(folder / "root")
    trial.undo.append(trial.server.kill)
    trial.undo.append(lambda: setattr(trial.proxy, "upstream", upstream))
    trial.proxy.upstream = trial.server.endpoint.removeprefix("http://")
    os.environ["AWS_ENDPOINT_URL"] = trial.server.endpoint
    trial.server.create(trial.bucket.name)
    if trial.random.random() < 0.5:
        trial.use_dask()
    return trial.ends(trial.line(), enlarge)


def folder(with_dask: bool) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        small, enlarge = disk(trial, trial.random.randrange(20_000, SPACE))
        trial.out = str(small / "x.zarr")
        if with_dask:
            trial.use_dask()
        return trial.ends(trial.line(), enlarge)

    return harm


fault("disk of a folder full", needs_rclone=True)(folder(False))
fault("disk of all workers full", needs_rclone=True)(folder(True))


# --- several clients -----------------------------------------------------------------------------------------------


def both(*lines: Child) -> list[str]:
    ends = [line.wait() for line in lines]
    if "done" not in ends:
        raise DefectError(f"none of them got through: {ends}")
    return ends


def pause(trial: Trial) -> None:  # so that one of two clients is up to a second ahead
    time.sleep(trial.random.random())


def twins(with_dask: bool) -> Callable[[Trial], str]:
    def harm(trial: Trial) -> str:
        if with_dask:
            trial.use_dask()
        first = trial.line()
        pause(trial)
        ends = both(first, trial.line())
        trial.check_equal()
        if ends != ["done", "done"]:
            raise DefectError(f"one of them did not: {ends}")
        return "equal"

    return harm


fault("two clients, one recipe")(twins(False))
fault("two clients of a cluster, one recipe")(twins(True))


@fault("two clients, one recipe, one of them killed")
def _(trial: Trial) -> str:
    lines: list[Child] = []
    check = trial.at(trial.any_request(), lambda: lines[0].kill())
    lines += [trial.line(), trial.line()]
    ends = both(*lines)
    check()
    if ends != ["killed", "done"]:
        raise DefectError(f"not one killed and one done: {ends}")
    trial.check_equal()
    return "equal"


@fault("two clients, two recipes")
def _(trial: Trial) -> str:
    first = trial.line(seed=5)
    pause(trial)
    ends = both(first, trial.line(seed=6))
    winner = ends.index("done")
    if "holds another recipe: seed is" not in ends[1 - winner]:
        raise DefectError(f"the other says {ends[1 - winner]}")
    trial.check_equal(seed=5 + winner)
    return "one equal, the other told"


@fault("two clients, one extends")
def _(trial: Trial) -> str:
    more = N + 3 * SHARD_ROWS
    first = trial.line(N)
    pause(trial)
    ends = both(first, trial.line(more))
    if ends[1] != "done":
        raise DefectError(f"the one that extends says {ends[1]}")
    trial.check_equal(more)
    if ends[0] == "done":
        return "equal"
    if "was extended from" not in ends[0] and "rows, more than the" not in ends[0]:
        raise DefectError(f"the other says {ends[0]}")
    return "one equal, the other told"


# --- readers -------------------------------------------------------------------------------------------------------


@fault("a reader with a cold cache killed")
def _(trial: Trial) -> str:
    trial.make()
    cache, readers = str(trial.path("cache")), []
    check = trial.at(trial.random.randrange(1, 30), lambda: readers[0].kill())
    readers.append(trial.child("read", trial.out, cache))
    end = readers[0].wait()
    check()
    if end != "killed":
        raise DefectError(f"it lived: {end}")
    trial.heal()
    for _ in range(2):
        if (end := trial.child("read", trial.out, cache).wait()) != "done":
            raise DefectError(end)
    return "equal after a repeat"


@fault("readers while it is written")
def _(trial: Trial) -> str:
    line, n_read = trial.line(), 0
    while line.process.is_alive():
        end = trial.child("read", trial.out, "").wait()
        if end == "done":
            n_read += 1
        elif not end.startswith("simkit: there is no s3://"):
            raise DefectError(end)
    if not n_read:
        raise MissedError
    return trial.ends(line)


@fault("10 % of a reader's answers cut, closed or 503")
def _(trial: Trial) -> str:
    trial.make()
    trial.proxy.fault = lambda method, path: trial.random.choice([CUT, CLOSE, 503] + 27 * [None])
    for _ in range(2):
        if (end := trial.child("read", trial.out, str(trial.path("cache"))).wait()) != "done":
            raise DefectError(end)
    return "equal"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3, help="trials of each fault")
    parser.add_argument("--only", default="", help="a regular expression for the names of faults")
    parser.add_argument("--out", type=Path, help="a file to which the counts are added, as a line of JSON")
    options = parser.parse_args()
    shrink()
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    lab = Lab(folder)
    try:
        counts = run(lab, FAULTS, options.trials, options.only)
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if options.out:
        from benchmarks import machine

        record: dict[str, Any] = {**machine.about(), "case": "faults", "trials": options.trials, "counts": counts}
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")
    n_defects = sum(count.get("defect", 0) for count in counts.values())
    print(f"{sum(sum(count.values()) for count in counts.values())} trials, {n_defects} defects")
    return int(n_defects > 0)


if __name__ == "__main__":
    sys.exit(main())
