"""What the census costs beside making the boards, rule by rule, in one run.

``python benchmarks/bench_census.py [--level tiny|real] [--out PATH]``

Rows of `ca-ash` are generated with and without counts by turns, on one core, in seconds of the thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import simkit
from benchmarks import machine

RULES = ("B3/S23", "B36/S23", "B38/S23", "B3/S238")


def seconds(source: object, n: int) -> float:
    """Return the thread's seconds for `n` rows."""
    started = time.thread_time()
    source.generate(0, range(n))  # type: ignore[attr-defined]
    return time.thread_time() - started


def measure(rule: str, n: int, n_rounds: int) -> dict[str, object]:
    """Return microseconds a board without and with counts, and the ratios, as medians over rounds."""
    bare, counted = (simkit.source("ca-ash", rules=(rule,), census=census) for census in ("none", "counts"))
    for source in (bare, counted):
        source.generate(0, range(n))
    rounds = [(seconds(bare, n), seconds(counted, n)) for _ in range(n_rounds)]
    return {
        "rule": rule,
        "us_making": 1e6 * statistics.median(a for a, _ in rounds) / n,
        "us_with_counts": 1e6 * statistics.median(b for _, b in rounds) / n,
        "census_over_making": statistics.median((b - a) / a for a, b in rounds),
        "rate_with_over_without": statistics.median(a / b for a, b in rounds),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every rule of the study; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure what the census costs beside making the boards.")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    n, n_rounds = (8, 1) if options.level == "tiny" else (2000, 5)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for rule in RULES if options.level == "real" else RULES[:1]:
        found = measure(rule, n, n_rounds)
        print(
            f"{rule:8} making {found['us_making']:.0f} us a board, with counts {found['us_with_counts']:.0f}; census / "
            f"making {found['census_over_making']:.2f}, rate with / without {found['rate_with_over_without']:.2f}",
            flush=True,
        )
        record = {
            **machine.about(),
            "case": "census",
            "level": options.level,
            "n_boards": n,
            **found,
        }
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
