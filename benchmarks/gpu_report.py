"""All figures of a GPU in one command, in under five minutes: tests, sanitizer, cases, a million boards.

``python benchmarks/gpu_report.py [--out PATH] [--rows 1e6] [--tiny]``

1. The tests of the kernels with the device required (``SIMKIT_REQUIRE_CUDA=1``).
2. compute-sanitizer (memcheck, racecheck) over one small launch of each kernel, where it is installed.
3. Every case of ``simkit bench --backend cuda``, and the roofline.
4. ``simkit generate ca-ash`` with a million rows, the write included; some rows regenerated on the processor.

Each step prints what it finds and appends a JSON line; a step that fails is recorded as such, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from simkit import bench
from simkit.backends import probe

ROOT = Path(__file__).resolve().parents[1]

SIMKIT = [sys.executable, "-c", "from simkit_cli.main import main; main(prog_name='simkit')"]

#: one small batch through every kernel
SMALL = """
import simkit.registry
for size in (64, 40):
    simkit.source("ca-ash", size=size, max_steps=200, census="objects").generate(0, range(8), backend="cuda")
for name in simkit.registry.sources():
    cls = simkit.registry.source_class(name)
    cls.build(cls.tiny).generate(0, range(2), backend="cuda")
"""


def tests() -> dict[str, Any]:
    """Run the tests of the kernels with the device required."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/cuda", "tests/laws", "tests/golden", "tests/facts"]
    done = _run(command, SIMKIT_REQUIRE_CUDA="1")
    return {"ok": done.returncode == 0, "said": done.stdout.strip().splitlines()[-1:]}


def sanitizer() -> dict[str, Any]:
    """Run compute-sanitizer over one small launch of each kernel."""
    program = shutil.which("compute-sanitizer")
    if program is None:
        return {"ok": True, "said": ["compute-sanitizer is not installed: not run"]}
    found = {}
    for tool in ("memcheck", "racecheck"):
        done = _run([program, "--tool", tool, "--error-exitcode", "9", sys.executable, "-c", SMALL])
        found[tool] = (done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1:])
    return {"ok": all(status == 0 for status, _ in found.values()), "said": found}


def cases(tiny: bool, roofline: Path) -> list[dict[str, Any]]:
    """Measure every case of the backend and draw the roofline."""
    from simkit.bench.gpu import ceilings
    from simkit.figures.roofline import Point, draw

    rates = [bench.measure(case, tiny=tiny, backend="cuda") for case in bench.cases("cuda")]
    for rate in rates:
        print(f"{rate.case:10} {rate.rate:.4g} {rate.unit}, {rate.share:.3f} of {rate.bound:.4g} ({rate.bounded_by})")
    points = [Point(rate.case, rate.rate, rate.n_operations, rate.n_bytes) for rate in rates]
    draw(points, *ceilings(tiny), bench.device("cuda"), roofline)
    return [{**asdict(rate), "share": rate.share, "ok": True} for rate in rates]


def generate(n_rows: str) -> dict[str, Any]:
    """Generate boards into a store with the command line, and regenerate some on the processor."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "x.zarr"
        run = [*SIMKIT, "generate", "ca-ash", "--n", n_rows, "--backend", "cuda", "--out", str(out)]
        started = time.perf_counter()
        done = _run(run)
        seconds = time.perf_counter() - started
        check = _run([*SIMKIT, "verify", str(out), "--full", "--regenerate", "200", "--backend", "cpu"])
    said = [*done.stdout.strip().splitlines(), *check.stdout.strip().splitlines()[-1:], *done.stderr.splitlines()[-1:]]
    return {"ok": done.returncode == check.returncode == 0, "n": n_rows, "seconds": seconds, "said": said}


def _run(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "cli"), *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def main(argv: Sequence[str] | None = None) -> None:
    """Make the report; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure everything that simkit does on a GPU.")
    parser.add_argument("--out", type=Path, help="file to append to (default: results/DEVICE.jsonl)")
    parser.add_argument("--rows", default="1e6", help="boards of the whole run")
    parser.add_argument("--tiny", action="store_true", help="cases at a size that only shows that they work")
    options = parser.parse_args(argv)
    why = probe("cuda")
    if why is not None:
        sys.exit(f"there is no GPU to report of: {why}")
    device = bench.device("cuda")
    slug = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    out = options.out or ROOT / "benchmarks" / "results" / f"{slug}.jsonl"
    about = machine.about() | {"device": device}
    failed = []
    steps = {
        "cases": lambda: cases(options.tiny, out.with_suffix(".png")),
        "generate": lambda: generate(options.rows),
        "tests": tests,
        "sanitizer": sanitizer,
    }
    for name, step in steps.items():
        started = time.perf_counter()
        found = step()
        for record in found if isinstance(found, list) else [found]:
            with out.open("a") as file:
                file.write(json.dumps({**about, "step": name, **record}) + "\n")
            failed += [] if record["ok"] else [name]
            if not isinstance(found, list):
                print(f"{name}: {'ok' if record['ok'] else 'FAILED'}; {record['said']}", flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
