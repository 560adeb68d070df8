"""Rows a second of each set of synthetic images, beside the way in which it was published, in one run.

``python benchmarks/bench_images.py [SET ...] [--level tiny|real] [--out PATH]``

All are timed by turns on one core, in seconds of the thread. The ways are in `benchmarks/peers/images.py`; for
scikit-image: ``pip install scikit-image``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import machine
from benchmarks.peers.images import ABSENT, WAYS
from simkit import registry
from simkit.bench import timed
from simkit.images import WORLD

#: parameters of ours that make the rows of the other ways
PARAMETERS: dict[str, dict[str, Any]] = {
    "bits": {"bits": 16, "function": "random", "order": "drawn"},
}

_SEED = 5


def measure(name: str, n_rounds: int, share: float, seconds: float) -> dict[str, Any]:
    """Return rows a second of each way, as medians over rounds, and how many times as many ours makes."""
    source = registry.source(name, **PARAMETERS.get(name, {}))
    n, on = min(source.block_rows, source.n_rows()), source.load("cpu")
    random, first = np.random.default_rng(_SEED), [0]

    def ours() -> float:
        """Make blocks of rows until the time is over: never the same rows again, where there are others."""
        made, spent = 0, 0.0
        while spent < seconds:
            start = first[0] % max(1, source.n_rows() - n + 1)
            spent += timed(partial(source.generate, _SEED, range(start, start + n), backend=on))
            made, first[0] = made + n, first[0] + n
        return made / spent

    def theirs(way: Callable[..., Any], n_rows: int) -> float:
        started = time.thread_time()
        way(n_rows, random)
        return n_rows / max(time.thread_time() - started, 1e-9)

    ways: dict[str, Callable[[], float]] = {"simkit": ours}
    absent = {} if name not in ABSENT else {"procgen": ABSENT[name]}
    for way, (function, n_rows) in WAYS.get(name, {}).items():
        if way == "scikit-image" and not importlib.util.find_spec("skimage"):
            absent[way] = "pip install scikit-image"
        else:
            ways[way] = partial(theirs, function, max(2, int(n_rows * share)))
    for run in ways.values():
        run()  # compiled, and imported
    rounds = [{way: run() for way, run in ways.items()} for _ in range(n_rounds)]
    return {
        "set": name,
        "row_bytes": source.schema().row_nbytes,
        "rates": {way: statistics.median(rates[way] for rates in rounds) for way in ways},
        "times": {way: statistics.median(rates["simkit"] / rates[way] for rates in rounds) for way in ways},
        "absent": absent,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every set; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure how fast images are made beside the published ways.")
    parser.add_argument("sets", nargs="*", help="sources (default: all)")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    n_rounds, share, seconds = (1, 0.01, 1e-3) if options.level == "tiny" else (5, 1.0, 0.1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for name in options.sets or WORLD.sources:
        found = measure(name, n_rounds, share, seconds)
        ways = [f"{way} {rate:,.0f}/s" + (f" ({found['times'][way]:,.1f} times as many)" if way != "simkit" else "")
                for way, rate in found["rates"].items()]  # fmt: skip
        print(f"{name:16}{', '.join(ways + [f'{way}: {why}' for way, why in found['absent'].items()])}", flush=True)
        with options.out.open("a") as file:
            file.write(json.dumps({**machine.about(), "case": "images", "level": options.level, **found}) + "\n")


if __name__ == "__main__":
    main()
