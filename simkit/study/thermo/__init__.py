"""Thermodynamics of the lattice sources: each question is a graph, the data sets that it needs, and its analysis."""

from __future__ import annotations

from dataclasses import dataclass, field

from simkit.errors import ParameterError
from simkit.registry import Study


@dataclass(frozen=True)
class Scale:
    """How much is computed.

    Of the independent runs of a point every second starts too hot, the others too cold.
    """

    runs: int = field(default=4, metadata={"help": "Independent runs of each point, at least 2."})
    steps: int = field(default=2_000_000, metadata={"help": "Steps of the longest runs, a multiple of 20,000."})
    side: int = field(default=256, metadata={"help": "Side of the systems in cells, a multiple of 128."})
    sweeps: int = field(default=400, metadata={"help": "Sweeps of cluster sampling."})
    seed: int = field(default=0, metadata={"help": "Seed of all random numbers."})

    def __post_init__(self) -> None:
        if self.runs < 2:
            raise ParameterError(f"errors need at least 2 independent runs; asked for {self.runs}")
        if self.steps < 20_000 or self.steps % 20_000:
            raise ParameterError(f"steps are a multiple of 20,000, at least once that; asked for {self.steps:,}")
        if self.side < 128 or self.side % 128:
            raise ParameterError(f"sides are a multiple of 128 cells; asked for {self.side}")


STUDY = Study(
    package=__name__,
    title="Thermodynamics of lattice gases and Ising spins",
    scales={
        "tiny": Scale(runs=2, steps=20_000, side=128, sweeps=60),
        "small": Scale(steps=400_000),
        "full": Scale(),
    },
    questions={
        "energy": "Energy against temperature, beside the exact cylinder and the infinite lattice",
        "magnetisation": "Magnetisation against temperature and against energy",
        "equilibration": "How long spins and gas take to come to equilibrium",
        "creutz": "Creutz's demons beside the gas",
        "fluctuations": "Specific heat from the energy's fluctuations, at a given temperature and in closed systems",
        "scaling": "Finite-size scaling at the critical point: Binder's cumulant and the magnetisation",
        "correlation": "Correlations of spins against distance, at the critical point and beside it",
        "entropy": "Entropy of the spins against their energy, by integrating the temperature that a bath shows",
        "boxes": "Entropy of two boxes of gas against time",
        "reversal": "Time reversal, and what one changed cell does to it",
        "conduction": "Fourier's law, and conductivity against temperature",
        "negative": "Negative temperatures",
        "invariants": "What the gas conserves beside its energy",
        "cooling": "Slow cooling through the critical point, and heating",
        "freezing": "Freezing below the critical temperature",
    },
)

#: everything at a size that takes seconds and shows nothing but that it works
TINY = STUDY.scales["tiny"]
