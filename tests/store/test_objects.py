"""Data sets in object stores, on real servers of S3: the same objects as the files of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from servers import Bucket
from store_samples import N_ROWS, toy_recipe, tree

import simkit
from simkit.run import generate
from simkit.store import verify

pytest.importorskip("s3fs")


def files(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(root).items() if data is not None}


def test_created_read_verified_and_extended(s3: Bucket, out: Path) -> None:
    there = f"{s3.address}/data/x.zarr"
    n = N_ROWS - 40
    for n_rows in (n, N_ROWS):
        generate(toy_recipe(n_rows), out)
        store = generate(toy_recipe(n_rows), there)
        assert s3.objects("data/x.zarr") == files(out)
        assert verify(store, full=True) == []
    store = simkit.open(f"{there}/")
    assert (store.path, store.name, store.n_rows_done) == (there, "x.zarr", N_ROWS)
    assert np.array_equal(store["charge"][:], simkit.open(out)["charge"][:])
