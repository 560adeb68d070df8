"""``simkit bench stream``, kept as a JSON line: streaming beside its bound and other people's loaders, in one run.

``python benchmarks/bench_stream.py [--level tiny|real] [--store PATH] [--out PATH]``

The peers are those of ``pip install litdata mosaicml-streaming webdataset`` that are there.
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
from simkit.bench import streaming


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and append a line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure streaming into training and keep the results.")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    parser.add_argument("--store", type=Path, help="data set to stream (default: ash made for it)")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    report = streaming.measure(options.store, tiny=options.level == "tiny")
    for table in report.tables:
        print(f"{table.form}: {table.n_rows:,} records of {table.record_bytes:,} bytes")
        for line in table.lines:
            cold = "" if line.cold is None else f"{line.cold:,.0f} from disk"
            print(
                f"{line.name:48}{line.warm:>12,.0f} records/s{cold:>22}"
                f"{line.per_cpu:>12,.0f} per CPU-second{line.share:>8.3f} of the bound"
            )
    print(report.stall, report.absent, sep="\n")
    record = {**machine.about(), "case": "stream", "level": options.level, **asdict(report)}
    with options.out.open("a") as file:
        file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
