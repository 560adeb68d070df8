"""A Dask scheduler and workers in processes of their own, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent


class Cluster:
    """Processes that `running` starts and kills; what they print is in files of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--no-show")

    @property
    def address(self) -> str:
        deadline = time.monotonic() + 60
        while not (self.file.exists() and self.file.read_text().rstrip().endswith("}")):
            assert self.scheduler.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        return str(json.loads(self.file.read_text())["address"])

    def worker(self, odd: str = "") -> subprocess.Popen[bytes]:
        """Start a worker with one thread, which nothing replaces if it dies; `odd` names a function of odd_worker."""
        assert self.address
        preload = ["--preload", str(HERE / "odd_worker.py")] if odd else []
        return self._start("worker", "--no-nanny", "--nthreads", "1", *preload, ODD=odd)

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def stop_workers(self) -> None:
        """Kill all workers, and let the scheduler see it."""
        for process in self.processes[1:]:
            process.kill()
            process.wait()

    def _start(self, what: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        path = self.folder / f"{what}-{len(self.processes)}.log"
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{what}",
            "--scheduler-file",
            str(self.file),
            "--no-dashboard",
        ]
        environment = {**os.environ, "PYTHONPATH": str(HERE), **environment}
        with path.open("wb") as log:
            process = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=environment, cwd=self.folder)
        self.processes.append(process)
        return process


@contextmanager
def running(folder: Path, n_workers: int) -> Iterator[Cluster]:
    """Give a cluster whose processes are killed in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder)
    try:
        for _ in range(n_workers):
            cluster.worker()
        yield cluster
    finally:
        for process in cluster.processes:
            process.kill()
            process.wait()
