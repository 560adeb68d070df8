"""Pixels as brightness: dtypes, memory formats, live, from data sets and from Zarr groups of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from learn_samples import N_ROWS, Pictures, shrink

import simkit
from simkit import registry
from simkit.errors import ParameterError
from simkit.learn import batches, stream
from simkit.store.foreign import ZarrChunks

SEED = 3

FLOATS = {torch.float32: np.float32, torch.float64: np.float64}


def bytes_of(source: Pictures, rows: Any) -> np.ndarray:
    """Return the pixels of rows, with an axis of channels."""
    images = source.generate(SEED, range(N_ROWS))["image"][np.asarray(rows)]
    return images if images.ndim == 4 else images[:, None]


@pytest.fixture(params=[0, 1, 2, 3], ids=lambda channels: f"{channels} channels")
def source(request) -> Pictures:
    return Pictures(channels=request.param)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.uint8, torch.int64])
def test_floats_are_0_to_1_and_integers_are_the_bytes(source, dtype, memory_format):
    options = {"n": N_ROWS, "seed": SEED, "shuffle": True, "window": 1, "batch_size": 90}
    made = batches(source, **options, dtype=dtype, memory_format=memory_format)
    for batch in made:  # of which some take rows of two windows
        image = batch["image"]
        values = torch.from_numpy(bytes_of(source, batch["places"][:, 0, 0].long()))
        if dtype.is_floating_point:
            exact = values.numpy().astype(FLOATS.get(dtype, np.float32))
            values = torch.from_numpy(exact / exact.dtype.type(255)).to(dtype)
        assert image.dtype == dtype
        assert image.is_contiguous(memory_format=memory_format)
        assert torch.equal(image, values.to(dtype))


def test_classes_are_int64_and_targets_stay_as_they_are(source):
    batch = next(iter(batches(source, n=20, seed=SEED)))
    assert batch["label"].tolist() == [row % 2 for row in range(20)]
    assert {name: tensor.dtype for name, tensor in batch.items() if name != "image"} == {
        "label": torch.int64, "target": torch.float32, "places": torch.float64,
    }  # fmt: skip
    np.testing.assert_array_equal(batch["target"], source.generate(SEED, range(20))["target"])


def test_full_brightness_is_1_whatever_its_value():
    source = Pictures(full=9)
    batch = next(iter(batches(source, n=200, seed=SEED)))
    values = torch.arange(10) / 9
    assert torch.equal(batch["image"].unique(), values)


@pytest.fixture
def stored(source: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of small chunks, whose source the registry does not know."""
    shrink(monkeypatch.setattr)
    monkeypatch.setattr(registry, "source_class", lambda name: Pictures)
    path = tmp_path / "pictures.zarr"
    simkit.run.generate(simkit.Recipe(source, SEED, N_ROWS), path, n_threads=1)
    return path


def test_a_data_set_gives_what_its_source_does(source, stored):
    live = batches(source, n=N_ROWS, seed=SEED, batch_size=64)
    ours = batches(stored, batch_size=64)
    for one, other in zip(live, ours, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert ZarrChunks(str(stored)).schema["image"] == simkit.open(stored).schema["image"]
    shuffled = next(iter(batches(stored, batch_size=64, shuffle=True, fields=("image", "row"))))
    assert torch.equal(shuffled["image"] * 255, torch.from_numpy(bytes_of(source, shuffled["row"])).float())


def of_others(path: Path, values: np.ndarray, dims: tuple[str, ...] | None, about: Any) -> Path:
    group = zarr.open_group(path, mode="w")
    made = group.create_array("image", shape=values.shape, dtype=values.dtype, dimension_names=dims, attributes=about)
    made[:] = values
    return path


@pytest.mark.parametrize("dims", [("sample", "y", "x"), ("n", "channel", "y", "x")])
def test_pixels_of_others_who_say_so(dims, tmp_path):
    values = np.arange(240, dtype=np.uint8).reshape((10, 4, 6) if len(dims) == 3 else (10, 2, 3, 4))
    path = of_others(tmp_path / "x.zarr", values, dims, {"full": 250})
    image = next(iter(batches(path)))["image"]
    assert image.dtype == torch.float32
    assert torch.equal(image, torch.from_numpy(values.reshape(image.shape)).float() / 250)


@pytest.mark.parametrize(
    ("dtype", "dims", "full"),
    [
        ("u1", ("sample", "y", "x"), value) for value in (0, 256, -1, 2**70, True, 254.5, "255", None, [255], {"a": 1})
    ] + [("u1", ("sample", "x", "y"), 255), ("u1", None, 255), ("i2", ("sample", "y", "x"), 255)],
)  # fmt: skip
def test_what_others_mean_by_full_may_be_anything(dtype, dims, full, tmp_path):
    values = np.arange(24, dtype=dtype).reshape(4, 2, 3)
    path = of_others(tmp_path / "x.zarr", values, dims, {"full": full})
    image = next(iter(batches(path)))["image"]
    assert torch.equal(image, torch.from_numpy(values))


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64])
def test_dtypes_that_cannot_hold_pixels_are_refused(dtype):
    said = rf"the field 'image' holds pixels from 0 to 255, which {dtype} cannot; take torch.float32"
    with pytest.raises(ParameterError, match=said):
        stream(Pictures(), n=3, dtype=dtype)
    if not dtype.is_complex:
        assert next(iter(batches(Pictures(full=1), n=3, dtype=dtype)))["image"].dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_tensors_are_as_they_are_described(source, dtype):
    made = batches(source, n=4, dtype=dtype)
    image = next(iter(made))["image"]
    _, kind, axes, meaning = next(line for line in made.stream._tensors.described() if line[0] == "image")
    assert f"torch.{kind}" == str(image.dtype)
    assert axes == "channel {}, y {}, x {}".format(*image.shape[1:])
    assert meaning == f"the picture; {'0 to 1, which is 255' if dtype == torch.float32 else '0 to 255'}"


def test_memory_of_batches_is_used_again():
    """Fresh memory is cleared by the system page by page; the first batch's comes back once it is let go."""
    made = batches(Pictures(), n=9000, batch_size=3000, fields=("image",), n_threads=0)
    places = []
    for batch in made:
        places.append(batch["image"].data_ptr())
        del batch
    assert len(set(places)) < len(places)


def test_symmetries_of_the_torus_are_for_boards():
    with pytest.raises(ParameterError, match="augment moves boards"):
        stream(Pictures(), n=3, augment=("rotate",))
