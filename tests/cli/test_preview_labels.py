"""simkit preview with --labels and --animate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from simkit_cli.main import main

import simkit
from simkit.ash import ca_ash, pictures
from simkit.ash.objects import Kind, Survey, survey
from simkit.ash.pictures import INKS, OTHER, UNKNOWN
from simkit.ash.replay import MAX_FRAMES, replay, schedule
from simkit.errors import ParameterError, SchemaError
from simkit.figures.film import draw_film
from simkit.figures.picture import CLASS_INKS, DARK, Key, Panel, Sheet
from simkit.figures.sheet import draw_sheet

N_ROWS = 6


def make(path: Path, **parameters: object) -> Path:
    simkit.generate(simkit.Recipe(simkit.source("ca-ash", **parameters), 5, N_ROWS), path)
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Life, and a rule that never settles."""
    return make(tmp_path_factory.mktemp("stores") / "x.zarr", rules=("B3/S23", "B2/S"), size=(40, 32), max_steps=2000)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def preview(*arguments: object) -> Result:
    backend = [] if "--backend" in arguments else ["--backend", "cpu"]
    return CliRunner().invoke(main, ["preview", *map(str, [*arguments, *backend])], catch_exceptions=False)


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    return {colour for _, colour in picture.getcolors(picture.width * picture.height) or []}


def test_labels_are_the_census(store: Path) -> None:
    opened = simkit.open(store)
    found = survey(opened, range(N_ROWS), n_kinds=2, backend="cpu")
    assert len(found.kinds) == 2
    assert found.kinds[0].n_objects >= found.kinds[1].n_objects
    assert [n >= 0 for n in found.n_objects] == [True, False] * 3
    settled = sum(n for n in found.n_objects if n > 0)
    assert settled == sum(kind.n_objects for kind in found.kinds) + found.n_other
    masks = list(found.masks())
    boards = simkit.unpack(opened["ash"][:], 32)
    for i, (mask, board) in enumerate(zip(masks, boards, strict=True)):
        assert np.array_equal(mask != 0, board)
        assert mask.max() <= 3 if i % 2 == 0 else set(np.unique(mask)) <= {0, 4}
    for number, kind in enumerate(found.kinds, start=1):
        if kind.apgcode.startswith("xs"):  # a still life has as many cells wherever it is
            assert sum(int((mask == number).sum()) for mask in masks) == kind.n_objects * int(kind.cells.sum())


def test_rows_and_kinds_that_are_none_are_refused(store: Path) -> None:
    opened = simkit.open(store)
    for rows in ([-1, 2], [0.5], ["x"], [0, N_ROWS]):
        with pytest.raises(ParameterError, match="asked for row"):
            survey(opened, rows, n_kinds=2, backend="cpu")
    with pytest.raises(ParameterError, match="the number of kinds is a whole number from 0 to 253; this is 254"):
        survey(opened, [0], n_kinds=254, backend="cpu")


def test_a_mask_is_of_the_fields_that_its_source_declares(store: Path) -> None:
    opened = simkit.open(store)
    source = simkit.source(opened.recipe["source"], **opened.recipe["parameters"])
    batch = {name: opened[name][:3] for name in ("ash", "rule", "period")}
    assert ca_ash.mask(source, batch, backend="cpu").max() > 0
    for wrong, message in (
        ({}, "this batch has no ash, period, rule"),
        ({**batch, "ash": batch["ash"][:, :, :1]}, "field 'ash' has shape"),
        ({**batch, "ash": batch["ash"].astype(bool)}, "field 'ash' has dtype bool"),
        ({**batch, "period": batch["period"][:2]}, "field 'period' has shape"),
        ({**batch, "rule": batch["rule"] + np.uint8(9)}, "has 2 rules; a row is of rule 10"),
    ):
        with pytest.raises(SchemaError, match=message):
            ca_ash.mask(source, wrong, backend="cpu")


def test_the_sheet_has_the_colours_of_its_kinds(store: Path) -> None:
    done = preview(store, "--rows", "0:6", "--labels", "--out", "labels.png")
    assert done.exit_code == 0
    assert done.output.startswith("labels.png: rows 0 to 5, ")
    found = survey(simkit.open(store), range(6), n_kinds=8, backend="cpu")
    codes = {kind.apgcode for kind in found.kinds}
    assert {"xs4_33", "xp2_7", "xs6_696"} & codes
    seen = colours("labels.png")
    assert all(INKS[code] in seen for code in codes if code in INKS)
    assert UNKNOWN in seen  # B2/S


def test_each_object_is_where_it_is_and_others_are_grey(store: Path) -> None:
    mask = np.zeros((40, 32), np.uint8)
    mask[4:6, 7:9], mask[30, 1:4], mask[0, 0] = 1, 2, 3
    opened = simkit.open(store)
    kind = Kind("xs4_33", "block", np.ones((2, 2), np.uint8), 1)
    found = Survey((kind,), 1, 1, (2,), opened, [0], "cpu")
    picture = np.asarray(draw_sheet(pictures.labelled(opened, [0], [mask], found)))
    side = 768 // 40
    ground = np.argwhere((picture == DARK.paper).all(axis=-1)).min(axis=0)
    board = picture[ground[0] :, ground[1] :][side // 2 :: side, side // 2 :: side][:40, :32]
    assert {tuple(c) for c in board[mask == 1]} == {INKS["xs4_33"]}
    assert {tuple(c) for c in board[mask == 2]} == {OTHER}
    assert {tuple(c) for c in board[mask == 3]} == {UNKNOWN}
    assert {tuple(c) for c in board[mask == 0]} == {DARK.paper}


def test_empty_boards_and_large_ones_are_drawn(tmp_path: Path) -> None:
    assert preview(make(tmp_path / "empty.zarr", density=0.0, size=8), "--labels", "--rows", "0:2").exit_code == 0
    big = make(tmp_path / "big.zarr", density=0.01, size=(8, 1200))
    assert preview(big, "--rows", "0:2", "--labels", "--backend", "auto").exit_code == 0
    with Image.open("sheet.png") as picture:
        assert picture.width < 1400


def test_a_film_is_of_the_first_row_if_none_is_named(store: Path) -> None:
    done = preview(store, "--view", "film", "--backend", "reference")  # which compiles nothing, and says nothing of it
    assert (done.exit_code, done.output.split(",")[0]) == (0, "film.gif: row 0 · B3/S23")


def test_narrow_boards_fill_the_width_that_their_legend_needs() -> None:
    """Four boards are two by two; below a legend as wide as four of them they are in one line."""
    panels = [Panel(np.zeros((40, 8), np.uint8), np.zeros((1, 3), np.uint8), [f"row {i}"]) for i in range(4)]
    key = Key("a rather long text of what the colours stand for, over all of the boards", np.zeros((2, 3), np.uint8))
    bare, above = (draw_sheet(Sheet("", panels, keys)) for keys in ((), (key,)))
    assert above.height < bare.height
    assert above.width > bare.width


@pytest.mark.parametrize("name", ["settling.gif", "settling.png"])
def test_a_film_goes_from_the_soup_to_the_ash_and_once_round(store: Path, name: str) -> None:
    opened = simkit.open(store)
    row = 2
    again = replay(opened, row, backend="cpu")
    boards = list(again.boards())
    soup = simkit.source("ca-ash", **opened.recipe["parameters"]).soup(5, range(row, row + 1))
    assert np.array_equal(boards[0], simkit.unpack(soup[0], 32))
    ash = simkit.unpack(opened["ash"][row], 32)
    assert np.array_equal(boards[again.generations.index(again.settle)], ash)
    assert again.generations[-1] == again.settle + again.period
    assert np.array_equal(boards[-1], ash)

    done = preview(store, "--rows", row, "--animate", name)
    assert done.exit_code == 0
    assert f"{name}: row 2 · B3/S23, {len(boards)} frames, " in done.output
    duration, pictures = 0.0, []
    with Image.open(name) as film:
        assert film.n_frames <= MAX_FRAMES
        for frame in range(film.n_frames):
            film.seek(frame)
            duration += film.info["duration"]
            pictures.append(np.asarray(film.convert("RGB")))
    assert 3_000 <= duration <= 15_000
    assert Path(name).stat().st_size < 2_000_000
    side = 560 // 40
    top, left = 56, 12 + (470 - 32 * side) // 2
    for picture, board in ((pictures[0], boards[0]), (pictures[-1], ash)):
        cells = picture[top:, left:][side // 2 :: side, side // 2 :: side][:40, :32]
        assert np.array_equal((cells == 255).all(axis=-1), board == 0)
        assert {tuple(cell) for cell in cells[board == 1]} == {CLASS_INKS[0]}  # the first rule's, as on a sheet


def test_a_film_of_what_never_settles_ends_at_the_last_generation(store: Path) -> None:
    again = replay(simkit.open(store), 1, backend="cpu")
    assert (again.generations[-1], again.period) == (2000, 0)
    done = preview(store, "--rows", 1, "--animate", "never.gif", "--backend", "auto")
    assert f"{len(again.generations)} frames" in done.output


def test_a_film_of_a_damaged_row_is_refused(store: Path) -> None:
    again = replay(simkit.open(store), 0, backend="cpu")
    again._ash[3, 1] ^= 4
    with pytest.raises(simkit.SimkitError, match="is not the ash that it holds"):
        draw_film(pictures.film(simkit.open(store), 0, again), Path("a.gif"))
    assert not Path("a.gif").exists()


@pytest.mark.parametrize("period", [0, 1, 2, 3, 30, 132, 512, 100_000])
@pytest.mark.parametrize("settle", [0, 1, 2, 150, 199, 200, 1_000, 30_000, 2**30])
def test_the_schedule_begins_densely_and_ends_after_one_cycle(settle: int, period: int) -> None:
    chosen = schedule(settle, period)
    assert len(chosen) <= MAX_FRAMES
    assert (chosen[0], chosen[-1]) == (0, settle + period)
    assert settle in chosen
    strides = np.diff([generation for generation in chosen if generation <= settle])
    assert (strides > 0).all()
    if settle <= 140:
        assert (strides == 1).all()
        assert len(chosen) >= settle + min(period, 50) + 1
    else:
        assert len(chosen) > 100
        assert (strides[:4] == 1).all() or settle == 2**30
        assert strides[-1] <= max(2, 0.25 * settle)
        middle = len(strides) // 2
        assert strides[:middle].sum() <= strides[middle:].sum() + 1
    if 1 < period <= 50:
        assert set(range(settle, settle + period + 1)) <= set(chosen)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--labels", "--rows", "4:9"], 1, "asked for row 6 of"),
        (["--labels", "--rows", "0:500"], 1, "asked for 500 rows on a sheet"),
        (["--labels", "--out", "folder.png"], 1, "folder.png: there is a folder; name a file"),
        (["--labels", "--backend", "cuda"], 1, "backend 'cuda' cannot run here"),
        (
            ["--animate", "a.webm"],
            1,
            "a film is a .gif, an .mp4, or a .png or .apng that moves; a.webm ends in '.webm'",
        ),
        (["--animate", "a"], 1, "a ends in 'nothing'"),
        (["--animate", "a.gif", "--rows", "6"], 1, "asked for row 6 of"),
        (["--animate", "/proc/no/a.gif"], 1, "cannot create /proc/no"),
        (["--view", "film", "--rows", "0:2"], 1, "the view film is a film of one row; these are 2"),
        (["--animate", "a.gif", "--rows", "0:2"], 2, "--animate films one row; these are 2"),
        (["--animate", "a.gif", "--labels"], 2, "--animate writes a.gif alone; leave --labels away"),
        (["--animate", "a.gif", "--out", "b.gif"], 2, "leave --out away"),
    ],
)
def test_bad_input_is_one_clear_line(store: Path, arguments: list[str], status: int, message: str) -> None:
    Path("folder.png").mkdir()
    rows = [] if "--rows" in arguments or "--animate" in arguments else ["--rows", "0:1"]
    done = preview(store, *arguments, *rows)
    assert done.exit_code == status
    assert message in done.output
    if status == 1:
        assert len(done.output.splitlines()) == 1
    assert not Path("a.gif").exists()
