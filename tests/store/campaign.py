"""A campaign of faults: real servers and real processes, trials of which each does one thing to them, and a verdict.

`faults.py` has the faults. Each of them starts lines of simkit, does harm, and says with `Trial.ends` what came of it:

- "equal": the run ended well, with the very objects that a run on one machine makes in a folder;
- "equal after a repeat": it was killed, and the same line again ended so;
- "told, then equal": it ended with one clear line, and so did the same line again once the harm was undone.

Anything else is a DefectError. Before a line is repeated all shards that count as finished are verified, and none of them
may be written again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import s3fs
from servers import Bucket, Fault, Moto, Proxy, Rclone, environment
from store_samples import SHARD_ROWS, shard_faults, toy_recipe, tree

import simkit
from simkit.errors import StoreError
from simkit.run import generate

#: three groups, the last of which is not full
N = 5 * SHARD_ROWS + 20

#: requests that a run makes, at least
N_REQUESTS = 120

#: seconds after which a process counts as hanging
LONG = 600


class DefectError(AssertionError):
    """What came of a fault is neither the same tree nor one clear line."""


class MissedError(Exception):
    """The run ended before harm was done."""


class Child:
    """A process that runs a function of child.py."""

    def __init__(self, lab: Lab, log: Path, target: str, environment: dict[str, str], *arguments: str) -> None:
        import child  # in the process that forks, it is imported already

        self.log, self.signal = log, 0
        self.process = lab.forking.Process(target=getattr(child, target), args=(environment, log, *arguments))
        self.process.start()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if not self.process.is_alive():
            return
        try:
            os.kill(self.process.pid, how)  # type: ignore[arg-type]
        except ProcessLookupError:  # it ended in the meantime, and the fork server has reaped it
            return
        self.signal = how

    def wait(self) -> str:
        """Return "done", "killed" or the one line that it ended with."""
        self.process.join(LONG)
        code, text = self.process.exitcode, self.log.read_text() if self.log.exists() else ""
        if code is None:
            self.process.kill()
            raise DefectError(f"it hangs: {text}")
        if code == 0:
            if text:
                raise DefectError(f"it ended well, and says {text}")
            return "done"
        if code == -signal.SIGKILL == -self.signal:
            return "killed"
        if len(text.splitlines()) != 1:
            raise DefectError(f"exit status {code}, and not one line: {text}")
        if code == 1 and text.startswith("simkit: "):
            return text
        if code == 130 and self.signal == signal.SIGINT and "run the same line again" in text:
            return text
        raise DefectError(f"exit status {code}: {text}")


class Cluster:
    """A Dask scheduler and workers."""

    def __init__(self, trial: Trial, n_workers: int = 2) -> None:
        self._trial, self.file = trial, trial.path("scheduler.json")
        self.scheduler = trial.child("dask", "scheduler", "--scheduler-file", str(self.file), "--port", "0")
        deadline = time.monotonic() + LONG
        while not (self.file.exists() and self.file.read_text().rstrip().endswith("}")):
            if time.monotonic() > deadline:
                raise DefectError(self.scheduler.log.read_text())
            time.sleep(0.02)
        self.workers: list[Child] = []
        for _ in range(n_workers):
            self.add()

    def add(self, *options: str, **changes: str) -> Child:
        arguments = ("--scheduler-file", str(self.file), "--no-nanny", "--nthreads", "1", *options)
        self.workers.append(self._trial.child("dask", "worker", *arguments, **changes))
        return self.workers[-1]

    def kill(self) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.process.join()


class Lab:
    """Servers, proxies before them, a process that forks others, and the trees that are expected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        here = Path(__file__).parent
        sys.path[:0] = [path for path in (str(here), str(here.parent)) if path not in sys.path]
        self.forking = multiprocessing.get_context("forkserver")
        self.forking.set_forkserver_preload(["child", "campaign"])
        (folder / "rclone").mkdir()
        self.servers: dict[str, Any] = {"rclone": Rclone(folder / "rclone"), "moto": Moto()}
        self.proxies = {name: Proxy(server.endpoint) for name, server in self.servers.items()}
        self.n_trials = 0

    def stop(self) -> None:
        for proxy in self.proxies.values():
            proxy.stop()
        self.servers["rclone"].kill()
        self.servers["moto"].stop()

    @cache  # noqa: B019 - there is one
    def whole(self, n: int = N, seed: int = 5) -> dict[str, bytes]:
        path = self.folder / f"whole-{n}-{seed}" / "x.zarr"
        generate(toy_recipe(n, seed), path)
        return {key: data for key, data in tree(path).items() if data is not None}

    @contextmanager
    def trial(self, server: str, seed: int) -> Iterator[Trial]:
        self.n_trials += 1
        trial = Trial(self, self.servers[server], self.proxies[server], self.n_trials, random.Random(seed))
        try:
            yield trial
        finally:
            trial.stop()


class Trial:
    """One fault, in a bucket and a folder of its own.

    Attributes
    ----------
    with_dask : bool
        Whether lines compute on a cluster: by turns, if both make sense.
    """

    def __init__(self, lab: Lab, server: Any, proxy: Proxy, number: int, chance: random.Random) -> None:
        self.lab, self.server, self.proxy, self.random = lab, server, proxy, chance
        self._folder = lab.folder / f"trial-{number}"
        self._folder.mkdir()
        self._children: list[Child] = []
        self.undo: list[Callable[[], None]] = []
        self.bucket = Bucket(server, f"bucket-{number}")
        server.create(self.bucket.name)
        self.out = f"{self.bucket.address}/x.zarr"
        os.environ.update(environment(server.endpoint))
        self.puts: list[str] = []
        self.heal()
        self.cluster: Cluster | None = None

    def path(self, name: str) -> Path:
        return self._folder / name

    def stop(self) -> None:
        for child in self._children:
            child.kill()
            child.process.join()
        self.heal()
        for undo in self.undo[::-1]:
            undo()
        s3fs.S3FileSystem.clear_instance_cache()

    # --- processes

    def child(self, target: str, *arguments: str, **changes: str) -> Child:
        log = self.path(f"{len(self._children)}.log")
        values = {**environment(self.proxy.endpoint), **changes}
        self._children.append(Child(self.lab, log, target, values, *arguments))
        return self._children[-1]

    def use_dask(self) -> Cluster:
        """Let lines compute on a new cluster."""
        self.path("scheduler.json").unlink(missing_ok=True)
        self.cluster = Cluster(self)
        return self.cluster

    def line(self, n: int = N, seed: int = 5, **changes: str) -> Child:
        """Start a line that generates."""
        words = ["generate", "toy", "--n", str(n), "--seed", str(seed), "--out", self.out, "-q"]
        words += ["--dask", str(self.cluster.file)] if self.cluster else ["--threads", "2"]
        return self.child("command", *words, **changes)

    def make(self) -> None:
        """Let there be a finished data set."""
        if (end := self.line().wait()) != "done":
            raise DefectError(end)

    # --- harm

    def heal(self) -> None:
        """Let nothing happen to requests any more."""
        self.proxy.fault = self._count(lambda method, path: None)

    def share(self, fault: Fault, share: float) -> None:
        """Do something to a share of all requests."""
        self.proxy.fault = self._count(lambda method, path: fault if self.random.random() < share else None)

    def at(self, request: int, act: Callable[[], object], then: Fault = None) -> Callable[[], None]:
        """Act before a request, of all from now on, and do `then` to it and all that follow; return what checks it."""
        n, acted = 0, False

        def fault(method: str, path: str) -> Fault:
            nonlocal n, acted
            n += 1
            if n >= request and not acted:
                acted = True
                act()
            return then if acted else None

        self.proxy.fault = self._count(fault)

        def check() -> None:
            if not acted:
                raise MissedError

        return check

    def any_request(self) -> int:
        """Return the number of one of the requests that a run makes."""
        return self.random.randrange(1, N_REQUESTS)

    def _count(self, fault: Callable[[str, str], Fault]) -> Callable[[str, str], Fault]:
        def counted(method: str, path: str) -> Fault:
            if method == "PUT":
                self.puts.append(path.partition("?")[0].partition("x.zarr/")[2])
            return fault(method, path)

        return counted

    # --- verdicts

    def objects(self) -> dict[str, bytes]:
        if self.out.startswith("s3://"):
            return self.bucket.objects("x.zarr")
        return {key: data for key, data in tree(Path(self.out)).items() if data is not None}

    def check_equal(self, n: int = N, seed: int = 5) -> None:
        found, whole = self.objects(), self.lab.whole(n, seed)
        odd = sorted(key for key in found.keys() | whole.keys() if found.get(key) != whole.get(key))
        if odd:
            raise DefectError(f"these objects are other than those of one machine: {odd}")

    def finished(self) -> set[int]:
        """Return the shards that are finished, all of which hold what they should."""
        try:
            store = simkit.open(self.out)
        except StoreError:
            return set()
        done = set(store.done())
        try:
            faults = shard_faults(self.out)  # type: ignore[arg-type]
        except StoreError as error:  # whoever created it was killed
            faults = [str(error)] if done else []
        if faults:
            raise DefectError(f"what counts as finished is damaged: {faults}")
        return done

    def ends(self, child: Child, heal: Callable[[], object] = lambda: None, n: int = N) -> str:
        """Wait for a line, and repeat it if need be after the harm is undone; return the verdict."""
        end = child.wait()
        if end == "done":
            self.check_equal(n)
            return "equal"
        self.heal()
        heal()
        before = self.finished()
        self.puts.clear()
        if (again := self.line(n).wait()) != "done":
            raise DefectError(f"the same line again: {again}")
        lost = {f"ledger/loose.{shard}" for shard in before}.intersection(self.puts)
        if lost:
            raise DefectError(f"these were finished and are written again: {lost}")
        self.check_equal(n)
        return "equal after a repeat" if end == "killed" else "told, then equal"


def run(lab: Lab, faults: dict[str, Callable[[Trial], str]], n_trials: int, only: str = "") -> dict[str, Any]:
    """Return fault -> verdict -> how many trials; defects are printed, and count as such."""
    found: dict[str, Any] = {}
    for i, (name, fault) in enumerate(faults.items()):
        if not re.search(only, name):
            continue
        counts, n_missed, seed = Counter[str](), 0, 0
        began = time.monotonic()
        while counts.total() < n_trials:
            is_moto = (i + counts.total()) % 3 == 2 and not getattr(fault, "needs_rclone", False)
            server = "moto" if is_moto else "rclone"
            seed += 1
            try:
                with lab.trial(server, seed) as trial:
                    counts[fault(trial)] += 1
            except MissedError:
                n_missed += 1
                if n_missed > 5 * n_trials:
                    raise
            except DefectError as defect:
                counts["defect"] += 1
                print(f"DEFECT {name}, {server}, seed {seed}: {defect}", file=sys.stderr, flush=True)
        found[name] = dict(counts)
        print(f"{name}: {json.dumps(counts)}, {time.monotonic() - began:.0f} s", flush=True)
    return found
