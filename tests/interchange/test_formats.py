"""Each format, read back by readers that know nothing of simkit, holds what the data set holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from export_samples import FORMATS, N_ROWS, READERS, Arrays, Zoo, array_of, files, make, place, read_tars

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.schema import Batch


def assert_same(found: Arrays, wanted: Batch) -> None:
    assert sorted(found) == sorted(wanted)
    for name, values in wanted.items():
        assert found[name].shape == values.shape, name
        np.testing.assert_array_equal(found[name].astype(values.dtype), values, err_msg=name)


@pytest.mark.parametrize("to", FORMATS)
def test_all_of_it(to: str, store: Path, truth: Batch, tmp_path: Path) -> None:
    out = place(tmp_path, to)
    n_done = 0.0

    def count(n_rows: float) -> None:
        nonlocal n_done
        n_done += n_rows

    written = simkit.export(store, to, out, progress=count)
    assert n_done == pytest.approx(N_ROWS)
    assert (written.n_files, written.n_same) == (len(files(out)), 0)
    assert_same(READERS[to](out), truth)


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("rows", [range(1), range(149, 150), range(17, 131), range(64, 128)])
def test_some_rows_and_fields(to: str, rows: range, store: Path, truth: Batch, tmp_path: Path) -> None:
    out = place(tmp_path, to)
    simkit.export(simkit.open(store), to, out, rows=rows, fields=["kind", "board", "charge"])
    wanted = {name: truth[name][rows.start : rows.stop] for name in ("board", "charge", "kind")}
    assert_same(READERS[to](out), wanted)


@pytest.mark.parametrize("to", FORMATS)
def test_boards_stay_packed_on_demand(to: str, store: Path, tmp_path: Path) -> None:
    out = place(tmp_path, to)
    simkit.export(store, to, out, packed=True)
    assert_same(READERS[to](out), Zoo().generate(5, range(N_ROWS)))


@pytest.mark.parametrize("to", [to for to in FORMATS if to != "idx"])
def test_wide_types(to: str, tmp_path: Path) -> None:
    store = make(tmp_path / "wide.zarr", 20, is_wide="yes")
    out = place(tmp_path, to)
    simkit.export(store, to, out, fields=["code", "flags"])
    batch = Zoo(is_wide="yes").generate(5, range(20))
    assert_same(READERS[to](out), {name: batch[name] for name in ("code", "flags")})


def test_idx_says_which_types_it_lacks(tmp_path: Path) -> None:
    store = make(tmp_path / "wide.zarr", 20, is_wide="yes")
    with pytest.raises(ParameterError, match=r"and not code \(uint64\); choose others with --fields"):
        simkit.export(store, "idx", tmp_path / "idx")
    assert not (tmp_path / "idx").exists()


def test_idx_says_that_cells_are_not_grey_values(store: Path, tmp_path: Path) -> None:
    (note,) = simkit.export(store, "idx", tmp_path / "idx").notes
    assert note == "board holds 0 and 1, not 0 and 255 as images do"
    assert simkit.export(store, "idx", tmp_path / "packed", packed=True).notes == ()


def test_npz_has_the_dtypes_of_the_data_set(store: Path, truth: Batch, tmp_path: Path) -> None:
    simkit.export(store, "npz", tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as archive:
        assert archive.files == list(truth)
        assert {name: archive[name].dtype for name in truth} == {name: values.dtype for name, values in truth.items()}


def test_samples_of_webdataset_have_their_row_as_key(store: Path, tmp_path: Path) -> None:
    simkit.export(store, "webdataset", tmp_path / "tars", rows=range(5, 150))
    names = sorted(path.name for path in (tmp_path / "tars").iterdir())
    assert names == ["000000.tar", "000001.tar", "000002.tar", "README.md"]
    samples = read_tars(tmp_path / "tars")
    assert [sample["__key__"] for sample in samples] == [b"%09d" % row for row in range(5, 150)]
    wanted = {"__key__", "board.npy", "energy.npy", "volume.npy", "counts.npy", "kind.cls", "json"}
    assert all(set(sample) == wanted for sample in samples)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # it leaves its files to be closed by chance
def test_webdataset_itself_reads_it(store: Path, truth: Batch, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset", reason="webdataset is not installed")
    simkit.export(store, "webdataset", tmp_path / "tars")
    tars = str(tmp_path / "tars" / "{000000..000002}.tar")
    samples = list(webdataset.WebDataset(tars, shardshuffle=False).decode())
    assert [int(sample["__key__"]) for sample in samples] == list(range(N_ROWS))
    np.testing.assert_array_equal([sample["board.npy"] for sample in samples], truth["board"])
    np.testing.assert_array_equal([sample["kind.cls"] for sample in samples], truth["kind"])
    np.testing.assert_array_equal([sample["json"]["heat"] for sample in samples], truth["heat"])


def test_parquet_carries_schema_and_recipe(store: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    simkit.export(store, "parquet", tmp_path / "x.parquet", rows=range(7, 150))
    file = parquet.ParquetFile(tmp_path / "x.parquet")
    assert file.num_row_groups == 2
    schema = file.schema_arrow
    assert str(schema.field("board").type).count("fixed_size_list") == 2
    assert schema.field("energy").metadata[b"unit"] == b"J"
    assert json.loads(schema.field("board").metadata[b"dims"]) == ["y", "x"]
    assert json.loads(schema.field("kind").metadata[b"labels"]) == list(Zoo().tags)
    assert json.loads(schema.field("counts").metadata[b"columns"]) == ["stone", "leaf"]
    origin = json.loads(schema.metadata[b"simkit"])
    assert origin == {"recipe": simkit.open(store).recipe, "rows": [7, 150]}
    simkit.export(store, "parquet", tmp_path / "packed.parquet", packed=True)
    assert parquet.read_schema(tmp_path / "packed.parquet").field("board").metadata[b"bits"] == b"13"


def test_hugging_face_itself_opens_it(store: Path, truth: Batch, tmp_path: Path) -> None:
    pytest.importorskip("datasets.arrow_dataset", reason="Hugging Face datasets is not installed")
    import datasets  # the package, not the folder of our recipes, which is one without code

    simkit.export(store, "hf", tmp_path / "hf")
    assert len(list((tmp_path / "hf").glob("data-*-of-*.arrow"))) > 2
    opened = datasets.load_from_disk(str(tmp_path / "hf"))
    assert opened.features["board"] == datasets.Array2D((3, 13), "uint8")
    assert opened.features["volume"] == datasets.Array3D((2, 3, 4), "int16")
    assert opened.features["kind"] == datasets.ClassLabel(names=list(Zoo().tags))
    assert opened.column_names == list(truth)
    assert_same({name: array_of(values) for name, values in opened[:].items()}, truth)
    assert opened.with_format("numpy")[:5]["board"].shape == (5, 3, 13)
    again = tmp_path / "again"
    simkit.export(store, "hf", again, rows=range(100))
    assert datasets.load_from_disk(str(again))._fingerprint != opened._fingerprint
    shuffled = opened.shuffle(seed=1)
    assert sorted(shuffled["charge"]) == sorted(truth["charge"].tolist())


def test_what_is_not_there_is_told(store: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no format 'hdf5'; "):
        simkit.export(store, "hdf5", tmp_path / "x")
    with pytest.raises(UnknownNameError, match=r"zoo.zarr has no field 'bord'; did you mean 'board'"):
        simkit.export(store, "npz", tmp_path / "x", fields=["bord"])
    with pytest.raises(ParameterError, match=r"no field is chosen; .* has board, energy"):
        simkit.export(store, "npz", tmp_path / "x", fields=[])
    with pytest.raises(ParameterError, match=r"asked for row 150 of .*, which has 150 rows"):
        simkit.export(store, "npz", tmp_path / "x", rows=range(151))
    with pytest.raises(ParameterError, match=r"rle writes whole boards; it takes no choice of fields"):
        simkit.export(store, "rle", tmp_path / "x", fields=["board"])
    assert not (tmp_path / "x").exists()


def test_every_choice_of_rows_fields_and_form_has_a_fingerprint_of_its_own(store: Path, tmp_path: Path) -> None:
    """Hugging Face's datasets keeps what it computed under the fingerprint of the data."""
    choices = [
        {"rows": range(20)},
        {"rows": range(21)},
        {"rows": range(1, 20)},
        {"rows": range(20), "fields": ["energy"]},
        {"rows": range(20), "packed": True},
    ]
    found = set()
    for i, choice in enumerate(choices):
        simkit.export(store, "hf", tmp_path / f"{i}", **choice)
        found.add(json.loads((tmp_path / f"{i}" / "state.json").read_text())["_fingerprint"])
    assert len(found) == len(choices)
