"""The cases of ``simkit bench`` (kernels and whole runs, each against its bound), kept as JSON lines.

``python benchmarks/bench_cases.py [CASE ...] [--level tiny|real] [--out PATH]``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from simkit import bench


def main(argv: Sequence[str] | None = None) -> None:
    """Measure cases and append a line for each; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure the cases of simkit bench and keep the results.")
    parser.add_argument("cases", nargs="*", default=list(bench.cases("cpu")), help="cases (default: all)")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for case in options.cases:
        rate = bench.measure(case, tiny=options.level == "tiny")
        print(
            f"{case:10} {rate.rate:.4g} {rate.unit}, {rate.share:.3f} of {rate.bound:.4g} ({rate.bounded_by})",
            flush=True,
        )
        record = {
            **machine.about(),
            "level": options.level,
            **asdict(rate),
            "share": rate.share,
        }
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
