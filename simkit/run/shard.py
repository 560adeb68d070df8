"""A shard as a pure function of (recipe, rows, backend): the same batch, whoever runs it, wherever and how often.

Nothing but shard numbers has to be told to a thread, process or machine that makes some of them. To commit a shard is
idempotent, so one may be made twice, and by two at the same time::

    store = simkit.open(path)
    store.commit(index, run_shard(Recipe.parse(store.recipe), store.layout.rows(index), backend))

Meanwhile somebody, such as whoever hands the numbers out, holds the data set by `simkit.store.writing`.
"""

from __future__ import annotations

from simkit.backends import Kernels
from simkit.recipe import Recipe
from simkit.run.plan import blocks
from simkit.schema import Batch, Schema


def run_shard(recipe: Recipe, rows: range, backend: str | Kernels) -> Batch:
    """Return the rows of a shard, computed block by block in this thread.

    Parameters
    ----------
    recipe : Recipe
    rows : range
        ``store.layout.rows(index)``.
    backend : str or Kernels
        As in `Source.generate`.

    Raises
    ------
    ParameterError, BackendError
        As `Source.generate` does.
    """
    source = recipe.source
    schema, on = source.schema(), source.load(backend)
    batch: Batch = schema.empty(0)
    for part in blocks(source, rows, on):
        batch = put_block(schema, batch, rows, part, run_block(recipe, part, on))
    return batch


def run_block(recipe: Recipe, rows: range, on: Kernels) -> Batch:
    """Return a block of rows of a shard; several threads may compute one each."""
    with on.own_stream():
        return recipe.source.generate(recipe.seed, rows, backend=on)


def put_block(schema: Schema, batch: Batch, whole: range, rows: range, block: Batch) -> Batch:
    """Put a block of `rows` into the batch of the shard `whole` and return that; the first block begins a new one."""
    if rows == whole:
        return block
    if rows.start == whole.start:
        batch = schema.empty(len(whole))
    for name, values in block.items():
        batch[name][rows.start - whole.start : rows.stop - whole.start] = values
    return batch
