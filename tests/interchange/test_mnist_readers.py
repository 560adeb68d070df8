"""Images and labels in IDX files, read as programs read those of MNIST; and in the other formats, to the last bit."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from export_samples import FORMATS, READERS, Arrays, place

import simkit
from simkit.schema import Batch

N = 40


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Batch]:
    path = tmp_path_factory.mktemp("digits") / "digits.zarr"
    simkit.generate("digits", n=N, seed=4, out=path)
    return path, simkit.source("digits").generate(4, range(N))


def as_mnist(images: Path, labels: Path) -> Arrays:
    """Read as the page of MNIST says: magic 2051 and 2049, big-endian 32-bit lengths, bytes 0 to 255."""
    data = images.read_bytes()
    magic, n, height, width = struct.unpack(">IIII", data[:16])
    assert magic == 2051
    pixels = np.frombuffer(data, np.uint8, offset=16).reshape(n, height, width)
    data = labels.read_bytes()
    magic, n_labels = struct.unpack(">II", data[:8])
    assert magic == 2049
    assert n_labels == n
    return {"image": pixels, "label": np.frombuffer(data, np.uint8, offset=8)}


def test_idx_files_are_those_that_readers_of_mnist_read(digits: tuple[Path, Batch], tmp_path: Path) -> None:
    store, wanted = digits
    written = simkit.export(store, "idx", tmp_path / "idx", fields=["image", "label"])
    assert written.notes == ()
    found = as_mnist(tmp_path / "idx" / "image-idx3-ubyte", tmp_path / "idx" / "label-idx1-ubyte")
    assert found["image"].shape == (N, 28, 28)
    assert found["image"].max() > 200
    for name in ("image", "label"):
        np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.parametrize("to", FORMATS)
def test_pixels_and_factors_are_the_same_in_every_format(to: str, digits: tuple[Path, Batch], tmp_path: Path) -> None:
    store, wanted = digits
    out = place(tmp_path, to)
    fields = ["image", "label", "slant", "shift"]
    simkit.export(store, to, out, fields=fields)
    found = READERS[to](out)
    for name in fields:
        np.testing.assert_array_equal(found[name].astype(wanted[name].dtype), wanted[name], err_msg=name)
