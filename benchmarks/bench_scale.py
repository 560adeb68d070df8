"""What a Dask cluster of processes on this machine costs and gains when it generates, kept as JSON lines.

``python benchmarks/bench_scale.py [overhead] [workers] [--level tiny|real] [--rows N] [--folder PATH] [--out PATH]``

``overhead``: rows of ca-ash at its default parameters by threads of this process, and by as many workers of one thread.
``workers``: by one worker, and by two. Each run follows a short one that loads the kernels. To start and to stop a
cluster is timed apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import simkit
from benchmarks import machine
from simkit.run.dask import connect

#: rows, and those of the short run before
LEVELS = {"tiny": (200, 100), "real": (100_000, 20_000)}


def generate(folder: Path, n: int, **options: Any) -> float:
    """Return the seconds that `n` rows take; what they are is thrown away."""
    path = folder / "x.zarr"
    began = time.perf_counter()
    simkit.generate("ca-ash", n=n, out=path, **options)
    spent = time.perf_counter() - began
    shutil.rmtree(path)
    return spent


def by_threads(folder: Path, n_threads: int, n: int, n_before: int) -> dict[str, Any]:
    generate(folder, n_before, n_threads=n_threads)
    cpu = time.process_time()
    wall = generate(folder, n, n_threads=n_threads)
    return {"n_threads": n_threads, "n": n, "wall": wall, "cpu": time.process_time() - cpu}


def by_workers(folder: Path, n_workers: int, n: int, n_before: int) -> dict[str, Any]:
    """Return seconds; those of processors are of the workers, and of the client with the scheduler."""
    began = time.perf_counter()
    with connect("local", n_workers) as client:
        started = time.perf_counter() - began
        generate(folder, n_before, client=client)
        theirs, own = sum(client.run(time.process_time).values()), time.process_time()
        wall = generate(folder, n, client=client)
        own = time.process_time() - own
        theirs = sum(client.run(time.process_time).values()) - theirs
        began = time.perf_counter()
    stopped = time.perf_counter() - began
    return {
        "n_workers": n_workers, "n": n, "wall": wall, "cpu": theirs + own, "cpu_client": own,
        "start": started, "stop": stopped,
    }  # fmt: skip


def overhead(folder: Path, n: int, n_before: int) -> dict[str, Any]:
    n_cores = machine.n_cores()
    threads, workers = by_threads(folder, n_cores, n, n_before), by_workers(folder, n_cores, n, n_before)
    ratios = {f"{what}_overhead": workers[what] / threads[what] - 1 for what in ("wall", "cpu")}
    return {"threads": threads, "workers": workers, **ratios}


def workers(folder: Path, n: int, n_before: int) -> dict[str, Any]:
    one, two = by_workers(folder, 1, n // 2, n_before // 2), by_workers(folder, 2, n, n_before)
    return {"one": one, "two": two, "gain": two["n"] / two["wall"] / (one["n"] / one["wall"])}


CASES: dict[str, Callable[[Path, int, int], dict[str, Any]]] = {"overhead": overhead, "workers": workers}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and append a line for each case; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure a Dask cluster on this machine and keep the results.")
    parser.add_argument("cases", nargs="*", help=f"{', '.join(CASES)} (default: all)")
    parser.add_argument("--level", choices=LEVELS, default="tiny")
    parser.add_argument("--rows", type=float, help="rows (default: 1e5; 200 for tiny)")
    parser.add_argument("--folder", type=Path, help="where to make the data sets (default: a temporary folder)")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    n, n_before = LEVELS[options.level]
    n = int(options.rows or n)
    for name in options.cases or CASES:
        folder = Path(tempfile.mkdtemp(dir=options.folder))
        try:
            found = CASES[name](folder, n, n_before)
        finally:
            shutil.rmtree(folder)
        record = {**machine.about(), "case": f"dask {name}", "level": options.level, **found}
        print(json.dumps(found), flush=True)
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
