"""A process that makes shards of a data set that another process holds.

usage: tasks.py PATH SHARD ...
"""

from __future__ import annotations

import sys

from store_samples import shrink, toy_recipe

import simkit
from simkit.run import run_shard


def main() -> int:
    shrink()
    store = simkit.open(sys.argv[1])
    recipe = toy_recipe(store.recipe["n"], store.recipe["seed"])  # the toy has no name in the registry
    for shard in map(int, sys.argv[2:]):
        store.commit(shard, run_shard(recipe, store.layout.rows(shard), "auto"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
