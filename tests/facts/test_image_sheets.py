"""What sheets show of pixels: every pixel in its colour, fields and channels beside each other, captions, heat maps."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import simkit
from simkit import images, registry
from simkit.errors import SchemaError
from simkit.figures import pixels, preview
from simkit.figures.picture import LIGHT
from simkit.figures.picture import captions as captions_of_boards
from simkit.figures.sheet import GAP, LINE
from simkit.images import pictures
from simkit.images.contact import _strip, contact
from simkit.schema import Field, Schema

ROOT = Path(__file__).parents[2]

RANDOM = np.random.default_rng(5)


def stored(**columns: tuple[Field, Any]) -> Any:
    """Return what a sheet reads of a data set."""
    schema = Schema(**{name: field for name, (field, _) in columns.items()})

    class Stored:
        name, recipe, path = "x", {"source": "some", "seed": 3}, "x.zarr"
        layout = SimpleNamespace(n_rows=len(next(iter(columns.values()))[1]))

        def __getitem__(self, name: str) -> Any:
            return np.asarray(columns[name][1])

    made = Stored()
    made.schema = schema  # type: ignore[attr-defined]
    return made


def picture(*shape: int, full: int = 255, n: int = 2) -> tuple[Field, Any]:
    dims = ("channel", "y", "x")[-len(shape) :]
    return Field("uint8", "", dims, shape, full=full), RANDOM.integers(0, full + 1, (n, *shape), np.uint8)


def panels(made: Any, rows: Any = (0, 1)) -> list[Any]:
    return list(pictures.sheet(made, list(rows), "cpu").panels)


def test_grey_and_colours_are_shown_as_they_are():
    field, values = picture(3, 5, 7)
    grey, levels = picture(5, 7)
    for i, panel in enumerate(panels(stored(image=(field, values)))):
        np.testing.assert_array_equal(panel.cells, np.moveaxis(values[i], 0, -1))
    for i, panel in enumerate(panels(stored(image=(grey, levels)))):
        np.testing.assert_array_equal(panel.cells, np.repeat(levels[i][..., None], 3, axis=-1))


def test_full_brightness_is_white_whatever_its_value():
    field, values = picture(4, 4, full=9)
    values[0, 0, 0] = 9
    assert panels(stored(image=(field, values)))[0].cells[0, 0].tolist() == [255, 255, 255]
    assert panels(stored(image=(field, values * 0)))[0].cells.max() == 0


def test_channels_and_frames_stand_beside_each_other_with_a_gap():
    two, values = picture(2, 28, 28)
    cells = panels(stored(image=(two, values)))[0].cells
    assert cells.shape == (28, 57, 3)
    np.testing.assert_array_equal(cells[:, :28, 0], values[0, 0])
    assert (cells[:, 28] == LIGHT.sheet).all()
    np.testing.assert_array_equal(cells[:, 29:, 2], values[0, 1])
    frame, following = picture(3, 64, 64), picture(3, 64, 64)
    cells = panels(stored(frame=frame, next_frame=following))[1].cells
    assert cells.shape == (64, 130, 3)
    np.testing.assert_array_equal(cells[:, 66:], np.moveaxis(following[1][1], 0, -1))


def test_brightness_as_numbers_is_a_picture_too():
    """Black below 0, white above 1."""
    field = Field("float32", "", ("channel", "y", "x"), (3, 2, 2))
    values = np.zeros((2, 3, 2, 2), np.float32)
    values[0, :, 0, 0] = -0.5, 0.5, 1.5
    made = stored(frame=(field, values), next_frame=(field, values))
    cells = panels(made)[0].cells
    assert cells.shape == (2, 5, 3)
    assert cells[0, 0].tolist() == cells[0, 3].tolist() == [0, 128, 255]


def test_pictures_of_other_sizes_keep_theirs():
    cells = pixels.beside([np.zeros((8, 4, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)])
    assert cells.shape == (8, 7, 3)
    assert cells[3:, 5:].tolist() == np.full((5, 2, 3), LIGHT.sheet).tolist()


def test_captions_name_what_is_to_be_told_first():
    made = stored(
        image=picture(4, 4),
        number=(Field("int32", ""), [7, 1000]),
        distances=(Field("float32", "", ("pair",), (2,), columns=("red", "blue")), [[0.25, 1 / 3], [0, 1]]),
        many=(Field("float32", "", ("i",), (5,)), np.zeros((2, 5))),
        label=(Field("uint8", "", labels=("cat", "dog")), [0, 1]),
    )
    assert pictures.captions(made, [0, 1]) == [
        ["row 0", "label cat", "number 7", "distances 0.25, 0.333"],
        ["row 1", "label dog", "number 1,000", "distances 0, 1"],
    ]


@pytest.mark.parametrize("number", [2, -1])
@pytest.mark.parametrize("captions", [pictures.captions, captions_of_boards])
def test_a_class_without_a_name_is_told(captions: Any, number: int):
    """As in a data set whose names a stranger has changed."""
    made = stored(label=(Field("int8", "which", labels=("no", "yes")), [0, number]))
    assert "no" in captions(made, [0])[0][1]
    with pytest.raises(
        SchemaError, match=rf"a value is {number}, and the classes that have names are 0 to 1 \(which\)"
    ):
        captions(made, [1])


def test_names_of_classes_belong_to_whole_numbers():
    with pytest.raises(SchemaError, match="names of classes belong to whole numbers; these are float32"):
        Field("float32", "which", labels=("no", "yes"))


def test_numbers_without_pictures_are_heat_maps_with_a_legend():
    """The darkest blue is the lowest value and the yellow the highest; signed numbers have white at 0."""
    made = stored(
        inputs=(Field("float32", "", ("bit",), (4,)), [[0, 1, 0.5, 1], [1, 1, 1, 1]]),
        label=(Field("float32", ""), [-2.0, 2.0]),
    )
    found = pictures.sheet(made, [0, 1], "cpu")
    assert [key.words for key in found.keys] == ["inputs 0 to 1", "label -2 to 2"]
    cells = found.panels[0].cells
    assert cells[0, 0].tolist() == [0, 32, 76]
    assert cells[0, 50].tolist() == [255, 234, 70]
    assert cells[-1, 0].tolist() == [0, 68, 136]
    assert found.panels[1].cells[-1, 0].tolist() == [166, 60, 0]
    zero = stored(label=(Field("float32", ""), [0.0, -1.0]))
    assert pictures.sheet(zero, [0, 1], "cpu").panels[0].cells[0, 0].tolist() == [247, 247, 247]


def test_numbers_between_0_and_1_have_one_scale():
    made = stored(
        inputs=(Field("float32", "", ("bit",), (2,)), [[0, 1], [0.5, 1]]), label=(Field("float32", ""), [0.5, 0.75])
    )
    found = pictures.sheet(made, [0, 1], "cpu")
    assert [key.words for key in found.keys] == ["inputs 0 to 1", "label 0 to 1"]
    assert found.panels[0].cells[-1, 0].tolist() == found.panels[1].cells[0, 0].tolist()


def test_many_numbers_of_a_row_fill_a_block_in_their_order():
    values = np.arange(512.0)[None].repeat(2, 0)
    made = stored(labels=(Field("float32", "", ("target",), (512,)), values))
    cells = panels(made)[0].cells
    assert cells.shape == (16 * 5, 32 * 5, 3)
    reds = cells[::5, ::5, 0].reshape(-1).astype(int)
    assert (np.diff(reds) >= 0).all()
    assert (reds[0], reds[-1]) == (0, 255)


@pytest.mark.parametrize("source", sorted(images.WORLD.sources))
def test_every_set_has_a_sheet(source: str, tmp_path: Path):
    path = tmp_path / "x.zarr"
    made = simkit.source(source, **registry.source_class(source).tiny)
    n = min(6, made.n_rows())
    simkit.generate(made, n=n, out=path)
    store = simkit.open(path)
    found = preview.describe(store, None, "sheet", "cpu")
    assert len(found.panels) == n
    assert all(panel.captions[0] == f"row {row}" for row, panel in enumerate(found.panels))
    assert len({panel.cells.shape for panel in found.panels}) == 1
    assert np.asarray(simkit.preview(store)).ndim == 3


def test_the_sheet_of_other_worlds_shows_pixels_too(monkeypatch: pytest.MonkeyPatch):
    field, values = picture(3, 6, 6)
    monkeypatch.setattr(registry, "listed", lambda *_: {})
    found = preview.describe(stored(image=(field, values)), None, "sheet", "cpu")
    np.testing.assert_array_equal(found.panels[1].cells, np.moveaxis(values[1], 0, -1))


def test_the_contact_sheet_has_a_strip_of_each_set():
    few = {name: registry.source_class(name).tiny for name in images.WORLD.sources}
    found = contact(few)
    assert [panel.captions[0] for panel in found.panels] == list(images.WORLD.sources)
    assert len({panel.cells.shape for panel in found.panels}) == 1
    for panel in found.panels:  # something is in it, and a ground behind that
        ground = (panel.cells == LIGHT.sheet).all(-1)
        assert 0 < ground.sum() < ground.size


@pytest.mark.parametrize("name", ["digits", "lines", "dots", "noise", "sparse-features"])
def test_the_contact_sheet_of_the_pages_is_that_of_today(name: str):
    with Image.open(ROOT / "docs" / "images.png") as opened:
        sheet = np.asarray(opened.convert("RGB"))
    place, strip = list(images.WORLD.sources).index(name), _strip(simkit.source(name), 0)
    height, width, _ = strip.shape
    left, top = GAP + place % 2 * (width + GAP), GAP + 22 + place // 2 * (height + GAP + LINE + 6 + 4)
    np.testing.assert_array_equal(sheet[top : top + height, left : left + width], strip)


def test_the_page_of_images_names_every_set():
    page = (ROOT / "docs" / "worlds" / "images.md").read_text("utf-8")
    assert [name for name in images.WORLD.sources if f"generated/sources/{name}.md" not in page] == []
