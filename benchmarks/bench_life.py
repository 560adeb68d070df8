"""The life kernel, `simkit generate`, other programs and the bound of the instructions, measured in turn in one run.

``python benchmarks/bench_life.py [--level tiny|real] [--no-peers] [--threads-check] [--out PATH]``

A pass of ours goes right before each pass of another program, and a ratio is ours / theirs in board-generations a
second of those two passes. Seconds are the processor's; for programs with processes of their own, those of the
children. Each case appends a line to ``benchmarks/results/<machine>.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.cases import LEVELS, Case
from benchmarks.ours import Generate, Settle
from benchmarks.peers import AbsentError, Peer, Work, bgolly, lifelib, steppers
from simkit.bench.rate import steady
from simkit.kernels.life import peak
from simkit.kernels.life.simd import CPU_NAME, HAS_AVX512, LANES

_PEERS: tuple[Callable[[Work, Path], Peer], ...] = (
    partial(Generate, census="none"),
    partial(Generate, census="counts"),
    partial(Generate, census="objects"),
    steppers.Avx512,
    steppers.Avx2,
    lifelib.Hashlife,
    partial(bgolly.QuickLife, is_torus=False),
    partial(bgolly.QuickLife, is_torus=True),
)


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of the rounds."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Line:
    """A program's line of the table; `soups` a second is None for a bare stepper, `ratio` None for our own line."""

    name: str
    soups: float | None
    board_generations: float
    ratio: Spread | None


def measure(case: Case, *, with_peers: bool, check_threads: bool) -> dict[str, Any]:
    """Measure a case and return its record."""
    ours = Settle(case)
    work = ours.work
    peers: list[Peer] = []
    absent: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for prepare in _PEERS if with_peers else ():
            try:
                peers.append(prepare(work, Path(folder)))
            except AbsentError as error:
                absent.append(str(error))
        programs: list[Peer] = [ours, *peers]
        per_generation = peak.instructions_per_generation(case.height, case.width, work.rule)
        peak.repeat(1)
        seconds: dict[str, list[float]] = {program.name: [] for program in programs}
        ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
        instructions, shares, threads = [], [], []
        for _ in range(case.n_rounds):
            instructions.append(peak.N_INSTRUCTIONS * steady(peak.repeat, 0.1))
            seconds[ours.name].append(ours.run())
            rate = ours.n_board_generations / seconds[ours.name][-1]
            shares.append(rate * per_generation / instructions[-1])
            for peer in peers:
                seconds[ours.name].append(ours.run())
                seconds[peer.name].append(peer.run())
                rates = [p.n_board_generations / seconds[p.name][-1] for p in (ours, peer)]
                ratios[peer.name].append(rates[0] / rates[1])
            if check_threads:
                threads.append(ours.threads_ratio())
    lines = [_line(program, seconds[program.name], ratios.get(program.name)) for program in programs]
    return {
        "case": case.name,
        "rule": case.rule,
        "n_boards": case.n_boards,
        "mean_settle": ours.n_board_generations / case.n_boards,
        "n_rounds": case.n_rounds,
        "programs": [asdict(line) for line in lines],
        "absent": list(dict.fromkeys(absent)),
        "instructions_per_second": statistics.median(instructions),
        "instructions_per_generation": per_generation,
        "processor": {"name": CPU_NAME, "vector_bits": 64 * LANES, "three_inputs": HAS_AVX512},
        "load": os.getloadavg()[0],
        "share_of_bound": asdict(Spread.of(shares)),
        "two_threads": asdict(Spread.of(threads)) if threads else None,
    }


def _line(program: Peer, seconds: Sequence[float], ratios: Sequence[float] | None) -> Line:
    median = statistics.median(seconds)
    soups = None if program.n_soups is None else program.n_soups / median
    return Line(program.name, soups, program.n_board_generations / median, Spread.of(ratios) if ratios else None)


def show(record: dict[str, Any]) -> None:
    """Print a record as a plain table."""
    processor = record["processor"]
    print(
        f"{record['case']}: {record['rule']}, {record['n_boards']} soups, {record['mean_settle']:.0f} generations each"
    )
    print(f"compiled for {processor['name']}, vectors of {processor['vector_bits']} bits")
    print(f"{'':58}{'soups/s':>10}{'board-generations/s':>21}{'ours / theirs':>24}")
    for line in record["programs"]:
        soups = f"{line['soups']:.4g}" if line["soups"] is not None else "-"
        ratio = _spread(line["ratio"]) if line["ratio"] else ""
        print(f"{line['name']:58}{soups:>10}{line['board_generations']:>21.4g}{ratio:>24}")
    for sentence in record["absent"]:
        print(sentence)
    print(
        f"share of the bound ({record['instructions_per_second']:.4g} vector instructions/s, "
        f"{record['instructions_per_generation']} a generation): {_spread(record['share_of_bound'])}"
    )
    if record["two_threads"]:
        print(f"two threads / one, by the clock on the wall: {_spread(record['two_threads'])}")
    print(flush=True)


def _spread(spread: dict[str, float]) -> str:
    return f"{spread['median']:.3g} ({spread['least']:.3g}-{spread['greatest']:.3g})"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every case of a level; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure the life kernel beside other programs and its bound.")
    parser.add_argument("--level", choices=tuple(LEVELS), default="tiny")
    parser.add_argument("--no-peers", action="store_true", help="our kernel and its bound only")
    parser.add_argument("--threads-check", action="store_true", help="also two threads against one")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for case in LEVELS[options.level].values():
        record = measure(case, with_peers=not options.no_peers, check_threads=options.threads_check)
        show(record)
        with options.out.open("a") as file:
            file.write(json.dumps({**machine.about(), **record}) + "\n")


if __name__ == "__main__":
    main()
