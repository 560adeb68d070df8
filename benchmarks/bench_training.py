"""A training step of ResCNN_CAC: simkit's tables beside plain torch, in one run, on one core.

``python benchmarks/bench_training.py [--level tiny|real] [--out PATH]``

A step is forward, backward and Adam, in CPU seconds of the thread, by turns; medians, and ratios to each other way. The
batch is ash. Codes of neighbourhoods are made in the step of the tables, while the planes of the others are at hand.
``compiled`` is torch.compile, which needs a C++ compiler. Each way is measured twice: with memory that the C library
gives back to the system, as by default, and with what it keeps (`keep_memory`), as `simkit train` has it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks import machine
from simkit import models, source
from simkit.backends import keep_memory
from simkit.learn.models import tables

#: side of the boards, channels, boards of a batch, rounds
LEVELS = {"tiny": (32, 8, 4, 1), "real": (128, 16, 32, 11)}


def ways(side: int, channels: int, n_boards: int, *, is_compiling: bool) -> dict[str, Callable[[], float]]:
    """Return name -> a step, which returns its loss."""
    made = source("ca-ash", census="none", size=(side, side), max_steps=20_000).generate(0, n_boards)
    boards, classes = torch.from_numpy(made["ash"]), torch.from_numpy(made["rule"]).long()
    planes = models.planes(boards, side)
    last = planes.to(memory_format=torch.channels_last)
    architecture = models.architecture("res-cnn-cac", W=side, C=channels)

    def step(forward: Callable[[torch.nn.Module], torch.Tensor], *, is_last: bool = True) -> Callable[[], float]:
        net = architecture.build(1)
        net = net.to(memory_format=torch.channels_last) if is_last else net
        optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, foreach=False)

        def run() -> float:
            optimiser.zero_grad()
            loss = architecture.loss(forward(net), classes)
            loss.backward()
            optimiser.step()
            return float(loss.detach())

        return run

    found = {
        "tables": step(lambda net: tables.forward(net, boards)),
        "contiguous": step(lambda net: net(planes), is_last=False),
        "channels_last": step(lambda net: net(last)),
    }
    if is_compiling:
        compiled: dict[int, Callable[[torch.Tensor], torch.Tensor]] = {}

        def forward(net: torch.nn.Module) -> torch.Tensor:
            return compiled.setdefault(id(net), torch.compile(net))(last)

        found["compiled"] = step(forward)
    return found


def measure(level: str, *, is_keeping: bool, is_compiling: bool) -> dict[str, object]:
    """Return seconds of a step of each way, medians over rounds, and how many times those of the tables they are."""
    side, channels, n_boards, n_rounds = LEVELS[level]
    torch.set_num_threads(1)
    if is_keeping:
        keep_memory()
    steps = ways(side, channels, n_boards, is_compiling=is_compiling)
    first = {name: step() for name, step in steps.items()}
    assert max(first.values()) - min(first.values()) < 1e-3, first
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(n_rounds):
        for name, step in steps.items():
            step()
            began = time.thread_time()
            step()
            seconds[name].append(time.thread_time() - began)
    ratios = {
        name: statistics.median(a / b for a, b in zip(of, seconds["tables"], strict=True))
        for name, of in seconds.items()
    }
    return {
        "keeps_memory": is_keeping,
        "seconds": {name: statistics.median(of) for name, of in seconds.items()},
        "over_tables": ratios,
        "size": LEVELS[level][:3],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure both kinds of memory, each in a process of its own; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure a training step by tables beside plain torch.")
    parser.add_argument("--level", choices=tuple(LEVELS), default="tiny")
    parser.add_argument("--plain", action="store_true", help="leave torch.compile out")
    parser.add_argument("--kept", choices=("no", "yes"), help="one kind of memory alone, in this process")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.kept is None:
        for kept in ("no", "yes"):
            line = [sys.executable, __file__, "--level", options.level, "--kept", kept, "--out", str(options.out)]
            subprocess.run([*line, *["--plain"] * options.plain], check=True)
        return
    found = measure(options.level, is_keeping=options.kept == "yes", is_compiling=not options.plain)
    seconds, ratios = found["seconds"], found["over_tables"]
    ways_text = ", ".join(f"{name} {1000 * seconds[name]:.1f} ms ({ratios[name]:.2f})" for name in seconds)  # type: ignore[index,attr-defined]
    print(f"memory {'kept' if found['keeps_memory'] else 'given back'}: {ways_text}", flush=True)
    with options.out.open("a") as file:
        file.write(json.dumps({**machine.about(), "case": "training step", "level": options.level, **found}) + "\n")


if __name__ == "__main__":
    main()
