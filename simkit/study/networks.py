"""What questions about networks need: populations that are trained, and surveys of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simkit.analysis.survey import USUAL, Amount, Survey
from simkit.errors import SimkitError
from simkit.learn.training import Population, train
from simkit.recipe import Recipe
from simkit.run import Progress, generate
from simkit.store import Store

if TYPE_CHECKING:
    from simkit.run.dask import Client


@dataclass(frozen=True)
class Networks:
    """A population to be trained on a data set.

    Attributes
    ----------
    population : Population
    data : str
        The name of its data set among what the question needs.
    """

    population: Population
    data: str

    def make(
        self,
        path: Path,
        stores: Mapping[str, Store],
        *,
        n_threads: int | None,
        client: Client | None,
        progress: Callable[[Progress], None],
    ) -> Store:
        """Train the networks or those that are missing; see `simkit.study.conduct.Need`."""
        place = Path(stores[self.data].path)
        if client is None:
            return train(self.population, path, data=place, n_threads=n_threads, progress=progress)
        training = self.population.training(stores[self.data]).at(place.absolute())
        recipe = Recipe(training, self.population.seed, self.population.models)
        return generate(recipe, path, client=client, progress=progress)


@dataclass(frozen=True)
class Surveyed:
    """A survey of a population.

    Attributes
    ----------
    networks : str
        The name of the population among what the question needs.
    stage : int
        Of the weights that were kept.
    amount : Amount
    measures : tuple of str
        Of `simkit.analysis.survey.MEASURES`.
    """

    networks: str
    stage: int
    amount: Amount
    measures: tuple[str, ...] = USUAL

    def make(
        self,
        path: Path,
        stores: Mapping[str, Store],
        *,
        n_threads: int | None,
        client: Client | None,
        progress: Callable[[Progress], None],
    ) -> Store:
        """Measure the networks or those that are missing; see `simkit.study.conduct.Need`."""
        population = stores[self.networks]
        if isinstance(population.path, str):
            raise SimkitError("networks of a study are in a folder")
        survey = Survey.of(population, self.stage, self.measures, self.amount)
        recipe = Recipe(survey, population.recipe["seed"], population.n_rows)
        return generate(recipe, path, n_threads=n_threads, client=client, progress=progress)
