"""A shard as a task: what another process is told to make shards of a data set, and what it does.

It is told plain bytes, so that whoever hands them on, such as a scheduler, needs neither simkit nor the source. What
cannot be mended by doing the task again is returned, and anything else is raised.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from simkit.backends import Kernels
from simkit.contract import Spec
from simkit.errors import ClusterError, SimkitError, StoreError, show
from simkit.recipe import Recipe
from simkit.run.shard import run_shard
from simkit.store import Address, Store, sharing
from simkit.store.dataset import place_of
from simkit.store.layout import ROOT


@dataclass(frozen=True)
class Task:
    """What does not differ between the shards of a data set.

    Attributes
    ----------
    path : Path or str
        Where the data set is, as all processes see it: an absolute path, or an address with ``://``.
    recipe : bytes
        The recipe, pickled: its source need not have a name in the registry.
    spec : dict
        Of the recipe, as the process that hands it out has it; that of another version of the source differs.
    backend : str
        As in `Source.generate`; each process resolves it for itself.
    """

    path: Address
    recipe: bytes
    spec: Spec
    backend: str

    def run(self, worker: str, index: int | None) -> int | str | SimkitError:
        """Make a shard, unless it is finished, on a worker of that address, which errors name.

        Returns
        -------
        int, str or SimkitError
            `index`, or for None the name of the backend; or an error that any other attempt would end with as well.

        Raises
        ------
        StoreError
            If the shard cannot be written now.
        """
        try:
            recipe, on = self._prepare()
            if index is None:
                return on.backend
            self._make(index, recipe, on)
        except StoreError as error:
            raise type(error)(f"worker {worker}: {error}") from error
        except SimkitError as error:
            return type(error)(f"worker {worker}: {error}")
        return index

    def _prepare(self) -> tuple[Recipe, Kernels]:
        """Return the recipe, and the kernels of its source on the backend of this process."""
        source = show(self.spec["source"])
        try:
            recipe: Recipe = pickle.loads(self.recipe)  # noqa: S301 - of the client, who may have anything executed
            spec = recipe.spec()
        except Exception as error:
            raise ClusterError(
                f"the source {source} cannot be loaded there ({type(error).__name__}: {error}); install what it needs"
            ) from error
        if spec != self.spec:
            raise ClusterError(
                f"the source {source} has version {spec['version']} and parameters {show(spec['parameters'])} there, "
                f"and version {self.spec['version']} and {show(self.spec['parameters'])} here; install the same"
            )
        return recipe, recipe.source.load(self.backend)

    def _make(self, index: int, recipe: Recipe, on: Kernels) -> None:
        path, place = self.path, place_of(self.path)  # held, so that what is opened below has its connections
        if not place.has(ROOT):
            raise ClusterError(f"{path} cannot be seen there; all workers have to see the place of the data set")
        store = Store(path)
        if store.recipe != self.spec:
            raise ClusterError(f"{path} is another data set there; all workers have to see the same place")
        if store.ledger.is_done(index):
            return
        batch = run_shard(recipe, store.layout.rows(index), on)
        with sharing(path, self.spec) as store:
            store.commit(index, batch)
