"""A data set made by a Dask cluster in an object store, while a worker is killed, then checked and trained on.

``python benchmarks/demo_scale.py [--rows 2e5] [--size 128] [--folder PATH]``

On this machine, each a process of its own: an S3 server (rclone), a Dask scheduler, two workers, and `simkit generate`.
Once a tenth of the rows is there, one worker is killed with SIGKILL, and another one joins. Then `simkit verify --full`
reads all of it through S3, `simkit generate` makes the same data set on the local disk by threads, the digests and all
objects are compared, and a network is trained on batches that are streamed from S3. It ends with an error if anything
differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "store"))

from dask_cluster import Cluster, running
from servers import Rclone, environment

BUCKET, NAME = "demo", "ash.zarr"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make, check and use a data set by several processes, one killed.")
    parser.add_argument("--rows", type=float, default=2e5)
    parser.add_argument("--size", type=int, default=128, help="cells of a side of a board (default: 128)")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        with served(folder / "s3") as server, running(folder / "cluster", n_workers=2) as cluster:
            show(folder, server, cluster, int(options.rows), options.size)
    finally:
        shutil.rmtree(folder)


@contextmanager
def served(folder: Path) -> Iterator[Rclone]:
    """Give an S3 server with a bucket, to which the environment points."""
    folder.mkdir()
    server = Rclone(folder)
    try:
        os.environ.update(environment(server.endpoint))
        server.create(BUCKET)
        yield server
    finally:
        server.kill()


def show(folder: Path, server: Rclone, cluster: Cluster, n: int, size: int) -> None:
    address, local = f"s3://{BUCKET}/{NAME}", folder / NAME
    line = ["generate", "ca-ash", "--n", str(n), "--set", f"size={size}", "--out"]
    generating = start(*line, address, "--dask", str(cluster.file))
    wait_for(server, n // 10, generating)
    killed = cluster.processes[1]
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    say(f"killed a worker (process {killed.pid}); another one joins")
    cluster.worker()
    finish(generating)
    finish(start("verify", address, "--full"))
    finish(start(*line, str(local)))
    compare(server, local)
    train(address, n)


def start(*words: str) -> subprocess.Popen[bytes]:
    say(shlex.join(["simkit", *words]))
    return subprocess.Popen([sys.executable, "-c", "from simkit_cli.main import main; main()", *words])


def finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise SystemExit("this command failed; its error is above")


def wait_for(server: Rclone, n_rows: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many rows are in shards of the bucket."""
    root = server.root / BUCKET / NAME
    while process.poll() is None:
        if (root / "zarr.json").exists():
            shard_rows = json.loads((root / "zarr.json").read_text())["attributes"]["simkit"]["shard_rows"]
            if len(list(root.glob("ledger/loose.*"))) * shard_rows >= n_rows:
                return
        time.sleep(0.1)
    raise SystemExit("it ended before a worker was killed; more --rows take longer")


def compare(server: Rclone, local: Path) -> None:
    """Check that the objects in the bucket are the files of the local data set, byte for byte."""
    here = {str(path.relative_to(local)): path.read_bytes() for path in local.rglob("*") if path.is_file()}
    there = {key.removeprefix(f"{NAME}/"): data for key, data in server.objects(BUCKET).items()}
    if here != there:
        odd = sorted(key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
        raise SystemExit(f"the bucket and the local data set differ in {', '.join(odd[:5])}")
    say(f"{len(here)} objects in the bucket are the files of {local.name}, {sum(map(len, here.values())):,} bytes")


def train(address: str, n: int) -> None:
    """Train a small network, whose batches come from the bucket, to tell the rule from the ash."""
    import torch

    from simkit.learn import batches

    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 8, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    began, n_seen, losses = time.perf_counter(), 0, []
    for batch in batches(address, fields=("ash", "rule"), split="train", shuffle=True, batch_size=256):
        loss = torch.nn.functional.cross_entropy(model(batch["ash"]), batch["rule"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        n_seen += len(batch["rule"])
    spent, part = time.perf_counter() - began, max(1, len(losses) // 10)
    first, last = sum(losses[:part]) / part, sum(losses[-part:]) / part
    say(f"trained on {n_seen:,} of {n:,} rows from {address} in {spent:.1f} s; loss {first:.3f}, then {last:.3f}")


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    main()
