"""Zarr groups of other people, and data sets behind an address."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from learn_samples import N_ROWS, loader, rows_of

import simkit
from simkit.errors import DamageError, ParameterError, StoreError
from simkit.learn import batches, stream
from simkit.store import forget


@pytest.fixture(params=["v2", "v3", "sharded"])
def group(request, tmp_path: Path) -> Path:
    path = tmp_path / "theirs.zarr"
    made = zarr.open_group(path, mode="w", zarr_format=2 if request.param == "v2" else 3)
    options = {"shards": (40, 5)} if request.param == "sharded" else {}
    images = made.create_array("image", shape=(333, 5), chunks=(20, 5), dtype=">f4", **options)
    images[:] = np.arange(333 * 5).reshape(333, 5)
    labels = made.create_array("label", shape=(333,), chunks=(7,), dtype="int16")
    labels[:] = np.arange(333) % 10
    return path


@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize("shuffle", [False, True])
def test_any_zarr_group_can_be_streamed(group, shuffle, n_workers):
    streamed = stream(group, batch_size=50, shuffle=shuffle, window=1, fields=("image", "label", "row"))
    found = list(loader(streamed, n_workers))
    rows = torch.cat([batch["row"] for batch in found])
    assert (rows.tolist() == list(range(333))) != shuffle
    assert sorted(rows.tolist()) == list(range(333))
    images = torch.cat([batch["image"] for batch in found])
    assert images.dtype == torch.float32
    assert torch.equal(images, (rows[:, None] * 5 + torch.arange(5)).float())
    assert torch.equal(torch.cat([batch["label"] for batch in found]), (rows % 10).short())
    assert len(rows_of(batches(group, fields=("row",), where={"label": 3}, split="train"))) in range(20, 34)


def test_groups_that_cannot_be_streamed_are_refused(tmp_path):
    path = tmp_path / "x.zarr"
    made = zarr.open_group(path, mode="w")
    with pytest.raises(StoreError, match="holds no arrays"):
        stream(path)
    made.create_array("a", shape=(3,), dtype="i4")
    made.create_array("b", shape=(4,), dtype="i4")
    with pytest.raises(StoreError, match=r"differ in length along their first axis: {'a': 3, 'b': 4}"):
        stream(path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot open .*folder as a Zarr group"):
        stream(tmp_path / "folder")
    with pytest.raises(StoreError, match="cannot use https9://x: Protocol not known: https9"):
        stream("https9://x")


def test_a_damaged_chunk_of_theirs_is_named(group):
    for chunk in (group / "image").rglob("*"):
        if chunk.is_file() and "json" not in chunk.name and not chunk.name.startswith(".z"):
            chunk.write_bytes(chunk.read_bytes()[:30])
    with pytest.raises(DamageError, match=r"theirs.zarr: rows 0 to 259 of field 'image' \(chunk 0\) cannot be read: "):
        rows_of(batches(group))


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
@pytest.mark.parametrize("name", ["label", "json"])
def test_what_never_ends_is_not_read(group, make, name):
    """A pipe would be waited for, and /dev/zero read until the memory is full."""
    kind = {"label": lambda path: "json" not in path.name and not path.name.startswith(".z"), "json": lambda _: True}
    found = next(path for path in sorted((group / "label").rglob("*")) if path.is_file() and kind[name](path))
    found.unlink()
    make(found)
    with pytest.raises(StoreError, match="is not a plain file"):
        rows_of(batches(group))


@pytest.mark.parametrize("name", ["a b", "é", "a" * 65])
def test_a_name_that_no_field_can_have_is_refused(name, tmp_path):
    zarr.open_group(tmp_path / "x.zarr", mode="w").create_array(name, shape=(3,), dtype="i4")
    with pytest.raises(StoreError, match="cannot be streamed: .* is not a name for a field"):
        stream(tmp_path / "x.zarr")


@pytest.mark.parametrize(
    "about",
    [{"bits": "x", "bit_order": "little"}, {"labels": 3, "columns": {"a": 1}, "bits": [], "units": None, "doc": {}}],
)
def test_attributes_that_mean_something_else_to_others(about, tmp_path):
    made = zarr.open_group(tmp_path / "x.zarr", mode="w").create_array("a", shape=(3, 2), dtype="u1", attributes=about)
    made[:] = 1
    try:
        streamed = stream(tmp_path / "x.zarr")
    except StoreError as error:
        assert "bit_order" in about
        assert len(str(error).splitlines()) == 1
    else:
        assert streamed.schema["a"].labels == streamed.schema["a"].columns == ()


def test_names_of_classes_turn_no_measurements_into_whole_numbers(tmp_path):
    made = zarr.open_group(tmp_path / "x.zarr", mode="w").create_array(
        "a", shape=(3,), dtype="f4", attributes={"labels": ["low", "high"]}
    )
    made[:] = [0.25, 0.75, 1.5]
    [batch] = batches(tmp_path / "x.zarr")
    assert batch["a"].tolist() == [0.25, 0.75, 1.5]


@pytest.mark.parametrize(
    ("full", "brightest"), [(255, 1.0), (255.0, 1.0), (255.5, 255.0), (True, 255.0), ("255", 255.0)]
)
def test_full_brightness_as_other_programs_write_it(full, brightest, tmp_path):
    """A whole number with a point is one; the rest means something else."""
    made = zarr.open_group(tmp_path / "x.zarr", mode="w").create_array(
        "a", shape=(3, 2, 2), dtype="u1", attributes={"full": full}, dimension_names=("sample", "y", "x")
    )
    made[:] = 255
    [batch] = batches(tmp_path / "x.zarr")
    assert float(batch["a"].max()) == brightest


def test_chunks_that_would_take_all_memory_are_refused(tmp_path):
    """Declared, and nowhere on the disk."""
    path = tmp_path / "x.zarr"
    zarr.open_group(path, mode="w").create_array("a", shape=(2**40,), chunks=(2**30,), dtype="f8")
    with pytest.raises(StoreError, match=r"read 1,073,741,824 rows at a time, 8,589,934,592 bytes of a field"):
        stream(path)


class Served(http.server.SimpleHTTPRequestHandler):
    """Serves files, also parts of them."""

    def log_message(self, *_: object) -> None:
        pass

    def send_head(self):
        asked = self.headers.get("Range")
        if asked is None:
            return super().send_head()
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return None
        data, (start, end) = path.read_bytes(), asked.removeprefix("bytes=").split("-")
        part = data[int(start) : int(end) + 1 if end else None] if start else data[-int(end) :]
        first = int(start) if start else len(data) - len(part)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        return None


@pytest.fixture
def served(ash: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    pytest.importorskip("aiohttp", reason="addresses need fsspec[http]")
    shutil.copytree(ash, tmp_path / "ash.zarr")
    handler = functools.partial(Served, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ash.zarr", tmp_path / "ash.zarr"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("n_workers", [0, 2])
def test_a_data_set_behind_an_address_is_read_as_on_disk(served, ash, n_workers):
    options = {"batch_size": 50, "split": "train", "where": {"rule": ["B3/S23", "B2/S"]}}
    remote = stream(served[0], **options)
    local = stream(ash, **options)
    assert list(remote.schema) == list(local.schema)
    assert remote.schema["ash"].bits == 24
    for one, other in zip(loader(remote, n_workers), local, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)
    assert len(rows_of(batches(served[0], fields=("row",)))) == N_ROWS


def test_a_data_set_behind_an_address_that_is_not_finished_is_refused(served):
    forget(served[1], [1])
    with pytest.raises(ParameterError, match="64 of the 230 rows of http://.* are not generated yet"):
        stream(served[0])


def test_an_address_without_a_data_set_is_refused(served):
    with pytest.raises(StoreError, match="cannot open http://.*/none.zarr as a Zarr group"):
        stream(served[0].replace("ash.zarr", "none.zarr"))


def test_an_opened_data_set_can_be_streamed(ash):
    assert rows_of(batches(simkit.open(ash), fields=("row",))) == list(range(N_ROWS))
