"""Source -> Store: plan which shards, run them, resume."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simkit
from simkit.backends import AUTO, MAX_THREADS
from simkit.backends import n_processors as n_processors
from simkit.contract import Source
from simkit.errors import DamageError, ParameterError, show
from simkit.recipe import Recipe
from simkit.run.local import run_threads
from simkit.run.plan import Plan, most_rows
from simkit.run.plan import Progress as Progress
from simkit.run.plan import Share as Share
from simkit.run.regeneration import compare_schema as compare_schema
from simkit.run.regeneration import regenerate as regenerate
from simkit.run.shard import run_shard as run_shard
from simkit.store import Address, Store, check_address, writing

if TYPE_CHECKING:
    from simkit.run.dask import Client


def generate(
    what: Recipe | Source | str | Path,
    out: str | Path | None = None,
    *,
    n: int | None = None,
    seed: int | None = None,
    backend: str = AUTO,
    n_threads: int | None = None,
    share: Share = Share(),
    client: Client | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    **parameters: Any,
) -> Store:
    """Generate a data set, or the rows of it that are missing: ``generate("ca-ash", n=20_000, size=64, out="x.zarr")``.

    Parameters
    ----------
    what : Recipe, Source, str or path
        A recipe or source, or the name or file of one.
    out : path or str, optional
        A folder, or an address such as ``s3://bucket/x.zarr``. Created, continued or extended; refused if it holds
        anything else. The name of the source or recipe with ``.zarr`` if not given.
    n : int, optional
        Rows; needed unless `what` is a recipe.
    seed : int, optional
        0..2**64-1; the recipe's, or 0, if not given.
    backend : str
        As in `Source.generate`; recorded in the data set when it is created.
    n_threads : int, optional
        Threads that compute; all processors that this process may use if not given.
    share : Share
        Which part of the work this process does, when several share it.
    client : distributed.Client, optional
        Of a Dask cluster whose workers compute, where this process would otherwise. They have to see `out` at the same
        path, and `backend` is resolved by each of them.
    progress : callable
        Called now and then from this thread.
    **parameters
        Of the source, where they differ from its defaults or the recipe's.

    Raises
    ------
    UnknownNameError, RecipeError, ParameterError
        If there is no such source, recipe or parameter, or one is out of its range.
    ClusterError
        If the cluster cannot be reached, or its workers cannot do this.
    StoreError
        If `out` cannot be written or holds something else. What is finished is kept.
    DamageError
        If the finished data set does not have the digest of the recipe.
    """
    recipe = Recipe.of(what, n=n, seed=seed, parameters=parameters)
    if client is not None and (n_threads is not None or share != Share()):
        raise ParameterError("with a Dask client, n_threads and share are the cluster's affair; leave them out")
    n_threads = n_processors() if n_threads is None else n_threads
    n_threads = ParameterError.check_integer("the number of threads that compute", n_threads, 1, MAX_THREADS)
    if not isinstance(share, Share):
        raise ParameterError(f"share is a Share(n_workers, index); this is {show(share)}")
    source = recipe.source
    source.check_there(recipe.n)
    name = Path(what).stem if isinstance(what, (str, Path)) else source.name
    path: Address = Path(f"{name}.zarr") if out is None else check_address(out)
    if client is None:
        on = source.load(backend)
        run, ran_on = partial(run_threads, recipe=recipe, on=on, n_threads=n_threads), on.backend
    else:
        from simkit.run import dask  # needs a library of an extra

        ran_on = dask.backend_of(client, path, recipe, backend, progress)
        run = partial(dask.run_tasks, recipe=recipe, backend=backend, client=client)
    made, most = {"backend": ran_on, "versions": versions()}, most_rows(source)
    is_shared = share.n_workers > 1 or client is not None
    with writing(path, source.schema(), recipe.spec(), made, shared=is_shared, most_rows=most) as store:
        run(store, plan=Plan.of(store, share), progress=progress)
        if recipe.digest is not None and store.n_rows_done == store.layout.n_rows:
            found = store.root_digest()
            if found != recipe.digest:
                raise DamageError(
                    f"{path} has digest {found}, the recipe says {recipe.digest}; run simkit verify --full"
                )
    return store


@cache
def versions() -> dict[str, str]:
    """Return the versions that a data set records."""
    others = {name: metadata.version(name) for name in ("numpy", "numba", "zarr", "numcodecs")}
    return {"simkit": simkit.__version__, **others}
