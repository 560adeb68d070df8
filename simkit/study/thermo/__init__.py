"""Thermodynamics of the lattice sources: each graph is a question, the data sets that it needs, and its analysis.

A graph is a module of this folder with two functions::

    recipes(scale) -> {name: Recipe}            the data sets, made and continued in the folder of the study
    analyse(stores, scale) -> Report            {name: Store} -> points and claims
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simkit.backends import AUTO
from simkit.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    from simkit.store import Store

#: module of the graph -> its question
GRAPHS = {
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
}


@dataclass(frozen=True)
class Scale:
    """How much is computed.

    Parameters
    ----------
    runs : int, at least 2
        Independent runs of each point, by turns from starts that are too hot and too cold.
    steps : int, a multiple of 20000
        Of the longest runs.
    side : int, a multiple of 128
        Of the systems, in cells.
    sweeps : int
        Of cluster sampling.
    seed : int
    """

    runs: int = 4
    steps: int = 2_000_000
    side: int = 256
    sweeps: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        if self.runs < 2:
            raise ParameterError(f"errors need at least 2 independent runs; asked for {self.runs}")
        if self.steps < 20_000 or self.steps % 20_000:
            raise ParameterError(f"steps are a multiple of 20,000, at least once that; asked for {self.steps:,}")
        if self.side < 128 or self.side % 128:
            raise ParameterError(f"sides are a multiple of 128 cells; asked for {self.side}")


#: everything at a size that takes seconds and shows nothing but that it works
TINY = Scale(runs=2, steps=20_000, side=128, sweeps=60)


def check_graphs(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names, all of them if there are none; UnknownNameError for one that is no graph."""
    for name in names:
        if name not in GRAPHS:
            raise UnknownNameError.of("graph of the study thermo", name, GRAPHS)
    return tuple(dict.fromkeys(names)) or tuple(GRAPHS)


def study(
    graph: str,
    out: Path,
    scale: Scale,
    *,
    backend: str = AUTO,
    n_threads: int | None = None,
    progress: Callable[[str, int, int], None] = lambda name, n_done, n_rows: None,
) -> tuple[Path, Path]:
    """Make or continue the data sets of `graph` in ``out/data``, analyse them, and write points and claims.

    Parameters
    ----------
    progress : callable
        Called with the name of a data set, its rows done, and its rows.

    Returns
    -------
    points, claims : Path
        Of the two result stores, see `simkit.study.report`.
    """
    from simkit.run import Progress, generate
    from simkit.study import report

    check_graphs((graph,))
    module = importlib.import_module(f"simkit.study.thermo.{graph}")
    stores = {}
    for name, recipe in module.recipes(scale).items():

        def tell(done: Progress, name: str = name) -> None:
            progress(name, done.n_rows_before + done.n_rows_now, done.n_rows)

        path = out / "data" / f"{name}.zarr"
        stores[name] = generate(recipe, path, backend=backend, n_threads=n_threads, progress=tell)
    points, claims = report.write(
        module.analyse(stores, scale), graph, f"{GRAPHS[graph]} ({_runs_text(stores)})", out, list(stores.values())
    )
    return points.path, claims.path


def _runs_text(stores: Mapping[str, Store]) -> str:
    """Return what was computed, as the data sets say: their runs, by length and width."""
    n_runs: Counter[tuple[int, int]] = Counter()
    for store in stores.values():
        parameters = store.recipe["parameters"]
        width = parameters["height"] if "height" in parameters else parameters["size"][0]
        n_runs[parameters["steps"], width] += store.recipe["n"]
    runs = [f"{n} runs of {steps:,} steps, {width} cells wide" for (steps, width), n in sorted(n_runs.items())]
    return "; ".join(runs)
