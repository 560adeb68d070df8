"""What every command prints when all is well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from command_line import N_ROWS, SMALL, Simkit, tree
from PIL import Image
from simkit_cli.display import bytes_text, table_text, time_text

import simkit as library
from simkit.recipe import shipped
from simkit.store import verify

# --- generate ------------------------------------------------------------------------------------------------------


def test_generate_says_what_it_does_and_what_came_of_it(simkit: Simkit) -> None:
    result = simkit("generate", "ca-ash", "--n", 500, *SMALL)
    assert result.code == 0
    assert re.fullmatch(
        r"ca-ash -> ca-ash\.zarr: 500 rows, seed 0, on \w+, \d+ threads?\n(compiling .+\n)*", result.err
    )
    complete, rate, following = result.out.splitlines()
    digest = library.open("ca-ash.zarr").root_digest()
    assert re.fullmatch(rf"ca-ash\.zarr: 500 rows, complete; [\d.]+ kB on disk, digest {digest}", complete)
    assert re.match(
        r"500 rows in .+ s, [\d,]+ rows/s, limited by (computing|encoding and writing); mean settle \d+ generations \(B3/S23 \d+, B36/S23 \d+\)",
        rate,
    )
    assert following == "next: simkit preview ca-ash.zarr --rows 0:16 --out sheet.png"


def test_generate_again_says_that_it_was_complete(simkit: Simkit) -> None:
    line = ("generate", "ca-ash", "--n", 500, *SMALL, "--out", "x.zarr")
    simkit(*line)
    before = tree(Path("x.zarr"))
    result = simkit(*line)
    assert result.code == 0
    assert "x.zarr: 500 rows, was complete, nothing to do; " in result.out
    assert "rows/s" not in result.out
    assert tree(Path("x.zarr")) == before


def test_generate_stores_what_the_source_makes(simkit: Simkit) -> None:
    assert simkit("generate", "ca-ash", "--n", "100", "--seed", "7", *SMALL, "--set", "rules=highlife,B3/S23").code == 0
    store = library.open("ca-ash.zarr")
    batch = library.source("ca-ash", rules=("B36/S23", "B3/S23"), size=(8, 8), max_steps=300).generate(7, range(100))
    for name in batch:
        np.testing.assert_array_equal(store[name][:], batch[name])
    assert store.recipe["parameters"] == {
        "rules": ["B36/S23", "B3/S23"],
        "size": [8, 8],
        "density": 0.5,
        "max_steps": 300,
        "census": "counts",
        "max_objects": 160,
        "without": [],
    }
    assert (store.recipe["seed"], store.recipe["n"]) == (7, 100)


def test_generate_with_a_larger_n_extends(simkit: Simkit) -> None:
    for n in (100, 5000):
        assert simkit("generate", "ca-ash", "--n", n, *SMALL, "--out", "steps").code == 0
    simkit("generate", "ca-ash", "--n", 5000, *SMALL, "--out", "once")
    assert tree(Path("steps")) == tree(Path("once"))


def test_generate_with_the_largest_seed(simkit: Simkit) -> None:
    assert simkit("generate", "ca-ash", "--n", 10, "--seed", 2**64 - 1, *SMALL).code == 0
    assert library.open("ca-ash.zarr").recipe["seed"] == 2**64 - 1


def test_generate_prints_the_notes_of_the_source(simkit: Simkit) -> None:
    result = simkit("generate", "ca-ash", "--n", 3, *SMALL, "--set", "rules=B03/S23", "--backend", "reference")
    assert "note: B03/S23 has B0: its empty space does not stay empty" in result.err
    assert result.code == 0


def test_generate_with_one_thread_says_thread(simkit: Simkit) -> None:
    assert re.search(r"on \w+, 1 thread$", simkit("generate", "ca-ash", "--n", 10, *SMALL, "--threads", 1).err.strip())


@pytest.mark.parametrize("backend", ["auto", "cpu", "reference"])
def test_generate_on_a_backend(simkit: Simkit, backend: str) -> None:
    result = simkit("generate", "ca-ash", "--n", 10, *SMALL, "--backend", backend)
    ran_on = library.open("ca-ash.zarr").made["backend"]
    assert backend in ("auto", ran_on)
    assert f"on {ran_on}," in result.err


def test_generate_as_several_workers(simkit: Simkit, store: Path) -> None:
    line = ("generate", "ca-ash", "--n", N_ROWS, *SMALL, "--out", "shared", "--workers", 2, "--worker")
    first = simkit(*line, 1)
    assert first.code == 0
    assert "worker 1 of 2" in first.err
    assert re.fullmatch(r"shared: 4,196 of 12,388 rows, .* on disk; 8,192 rows are for other workers\n", first.out)
    second = simkit(*line, 0)
    assert "shared: 12,388 rows, complete;" in second.out
    assert tree(Path("shared")) == tree(store)


RECIPE = """
source = "ca-ash"
version = 1
seed = 3
n = 50

[parameters]
rules = ["B3/S23"]
size = [8, 16]
"""


def test_generate_from_a_recipe_file(simkit: Simkit) -> None:
    Path("mine.toml").write_text(RECIPE)
    result = simkit("generate", "mine.toml")
    assert result.code == 0
    assert "mine -> mine.zarr: 50 rows, seed 3" in result.err
    recipe = library.open("mine.zarr").recipe
    assert (recipe["n"], recipe["seed"]) == (50, 3)
    assert recipe["parameters"]["size"] == [8, 16]
    assert recipe["parameters"]["rules"] == ["B3/S23"]


def test_the_command_line_overrides_the_recipe_file(simkit: Simkit) -> None:
    Path("mine.toml").write_text(RECIPE)
    assert simkit("generate", "mine.toml", "--n", 20, "--seed", 4, "--set", "size=8", "--out", "y").code == 0
    recipe = library.open("y").recipe
    assert (recipe["n"], recipe["seed"]) == (20, 4)
    assert recipe["parameters"]["size"] == [8, 8]
    assert recipe["parameters"]["rules"] == ["B3/S23"]


def test_a_recipe_with_its_digest(simkit: Simkit) -> None:
    Path("mine.toml").write_text(RECIPE)
    simkit("generate", "mine.toml")
    digest = library.open("mine.zarr").root_digest()
    Path("mine.toml").write_text(f'digest = "{digest}"\n{RECIPE}')
    assert simkit("generate", "mine.toml", "--quiet") == (0, "", "")


def test_a_recipe_with_another_digest_fails_at_the_end(simkit: Simkit) -> None:
    Path("mine.toml").write_text(f'digest = "{"0" * 64}"\n{RECIPE}')
    error = simkit("generate", "mine.toml", "--quiet").error
    assert library.open("mine.zarr").root_digest() in error
    assert f"the recipe says {'0' * 64}" in error


def test_the_shell_completes_sources_and_recipes(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "_SIMKIT_COMPLETE": "bash_complete",
        "COMP_WORDS": "simkit generate ca",
        "COMP_CWORD": "2",
    }.items():
        monkeypatch.setenv(name, value)
    words = [line.removeprefix("plain,") for line in simkit().out.splitlines()]
    assert words == [name for name in ("ca-ash", *shipped()) if name.startswith("ca")]


def test_python_generates_as_people_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = library.source("ca-ash", size=16)
    store = library.generate("ca-ash", n=20, size=16, out="x.zarr")
    assert store.recipe == library.Recipe(source, 0, 20).spec()
    assert library.generate(source, n=20, seed=0, out=Path("x.zarr")).recipe == store.recipe
    assert library.generate("ca-ash-4rules", n=3, size=16).path == Path("ca-ash-4rules.zarr")
    assert library.generate(library.Recipe(source, 0, 20), "x.zarr", n=25).recipe["n"] == 25


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"what": "ca-ahs"}, "no source or recipe 'ca-ahs'; did you mean 'ca-ash'"),
        ({"what": None}, "a data set is made of a source, a recipe, or the name of one; this is None"),
        ({"what": "ca-ash"}, "say how many rows of ca-ash to make, such as n=1_000_000"),
        ({"what": "ca-ash", "n": 1, "sise": 16}, "no parameter of ca-ash 'sise'; did you mean 'size'"),
        ({"what": "ca-ash", "n": 0}, "n is the number of rows, at least 1"),
    ],
)
def test_what_python_cannot_generate_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(library.SimkitError, match=said):
        library.generate(**wrong)


@pytest.mark.parametrize("form", ["datasets/{}.toml", "{}.toml", "{}"])
@pytest.mark.parametrize("name", ["ca-ash-2rules", "ca-ash-4rules"])
def test_a_shipped_recipe_from_any_folder(simkit: Simkit, name: str, form: str) -> None:
    result = simkit("generate", form.format(name), "--n", 8, *SMALL)
    assert result.code == 0
    assert f"{name} -> {name}.zarr: 8 rows" in result.err
    assert len(library.open(f"{name}.zarr").recipe["parameters"]["rules"]) == int(name[-6])


def test_a_file_of_that_name_comes_before_the_shipped_recipe(simkit: Simkit) -> None:
    Path("datasets").mkdir()
    Path("datasets/ca-ash-2rules.toml").write_text(RECIPE)
    assert simkit("generate", "datasets/ca-ash-2rules.toml").code == 0
    assert library.open("ca-ash-2rules.zarr").recipe["n"] == 50


# --- sources -------------------------------------------------------------------------------------------------------


def test_sources_lists_the_sources_and_the_recipes(simkit: Simkit) -> None:
    result = simkit("sources")
    assert (result.code, result.err) == (0, "")
    assert re.search(r"ca-ash +version \d+ +random soups", result.out)
    for name in shipped():
        assert re.search(rf"{name} +[\d,]+ rows +\S", result.out)
    assert "next: simkit sources NAME" in result.out


def test_sources_shows_one(simkit: Simkit) -> None:
    result = simkit("sources", "ca-ash")
    assert (result.code, result.err) == (0, "")
    for name in ("rules", "size", "density", "max_steps", "ash", "settle", "period", "rule", "population"):
        assert re.search(rf"^  {name} ", result.out, re.MULTILINE)
    assert "= B3/S23,B36/S23" in result.out
    assert "= 128x128" in result.out
    assert "128 cells along x_byte, 8 a byte, lowest bit first" in result.out
    assert "next: simkit generate ca-ash --n 1e4" in result.out


# --- info ----------------------------------------------------------------------------------------------------------


def test_info(simkit: Simkit, store: Path) -> None:
    result = simkit("info", store)
    assert (result.code, result.err) == (0, "")
    opened = library.open(store)
    assert result.out.startswith("x.zarr: 12,388 rows of ca-ash version 1, complete\n")
    assert re.search(r"^  seed +0$", result.out, re.MULTILINE)
    assert re.search(r"^  rules +B3/S23, B36/S23$", result.out, re.MULTILINE)
    assert re.search(r"^  ash +uint8 +\(sample, y, x_byte\) +\(12388, 8, 1\) +\S", result.out, re.MULTILINE)
    assert re.search(r"^  shards +4 of 4 done, 4,096 rows each$", result.out, re.MULTILINE)
    assert f"digest    {opened.root_digest()}" in result.out
    assert re.search(rf"backend +{opened.made['backend']}$", result.out, re.MULTILINE)
    assert re.search(r"versions +simkit [\d.]+, numpy [\d.]+", result.out)


def test_info_of_an_unfinished_store_says_what_is_missing(simkit: Simkit, partial: Path) -> None:
    result = simkit("info", partial)
    assert result.code == 0
    assert "8,292 done, 4,096 missing" in result.out
    assert "3 of 4 done" in result.out
    assert "(when complete)" in result.out


# --- verify --------------------------------------------------------------------------------------------------------


def test_verify(simkit: Simkit, store: Path) -> None:
    result = simkit("verify", store)
    assert (result.code, result.err) == (0, "")
    first, second = result.out.splitlines()
    assert first == "x.zarr: 12,388 rows, ledger and sizes agree (values: --full)"
    assert second == f"digest {library.open(store).root_digest()}"


def test_verify_full_and_regenerate(simkit: Simkit, store: Path) -> None:
    result = simkit("verify", store, "--full", "--regenerate", 50)
    assert (result.code, result.err) == (0, "")
    assert "every value has its digest; 50 random rows run anew on" in result.out


def test_verify_regenerates_on_another_backend(simkit: Simkit, store: Path) -> None:
    assert (
        "20 random rows run anew on reference"
        in simkit("verify", store, "--regenerate", 20, "--backend", "reference").out
    )


def test_verify_regenerates_no_more_rows_than_there_are(simkit: Simkit) -> None:
    simkit("generate", "ca-ash", "--n", 30, *SMALL)
    assert "30 random rows run anew" in simkit("verify", "ca-ash.zarr", "--regenerate", "1e9").out


def test_verify_of_an_unfinished_store_fails_and_says_how_to_go_on(simkit: Simkit, partial: Path) -> None:
    error = simkit("verify", partial).error
    assert "x.zarr is whole as far as it goes: 8,292 of 12,388 rows; run its `simkit generate` line again" in error


# --- preview -------------------------------------------------------------------------------------------------------


def test_preview_draws_a_sheet(simkit: Simkit, store: Path) -> None:
    result = simkit("preview", store)
    assert (result.code, result.err) == (0, "")
    with Image.open("sheet.png") as picture:
        assert picture.format == "PNG"
        assert result.out == f"sheet.png: rows 0 to 15, {picture.width} x {picture.height} pixels\n"


def test_preview_of_a_store_of_few_rows(simkit: Simkit) -> None:
    simkit("generate", "ca-ash", "--n", 5, *SMALL)
    result = simkit("preview", "ca-ash.zarr")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("sheet.png: rows 0 to 4, ")


def test_preview_of_other_rows_into_another_file(simkit: Simkit, store: Path) -> None:
    assert "a.png: rows 12,380 to 12,387" in simkit("preview", store, "--rows", "12380:12388", "--out", "a.png").out
    assert "b.png: row 7, " in simkit("preview", store, "--rows", "7", "--out", "b.png").out
    assert "c.png: 5 rows, " in simkit("preview", store, "--rows", "9,3,20:23", "--out", "c.png").out
    assert np.array_equal(library.preview(store, rows=[9, 3, 20, 21, 22]), Image.open("c.png"))
    assert pixels("a.png").size > pixels("b.png").size


def pixels(path: str) -> npt.NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_preview_shows_the_cells_of_the_board(simkit: Simkit, store: Path) -> None:
    """The board stands somewhere on the sheet, each cell a square of 32 pixels: white if it is dead."""
    row = int(np.flatnonzero(library.open(store)["population"][:])[0])
    simkit("preview", store, "--rows", row)
    dead = library.unpack(library.open(store)["ash"][row]) == 0
    is_white = (pixels("sheet.png") == 255).all(axis=2)
    panel = np.kron(dead, np.ones((32, 32), bool))
    windows = np.lib.stride_tricks.sliding_window_view(is_white, panel.shape)
    places = [
        (y, x) for y in range(windows.shape[0]) for x in range(windows.shape[1]) if (windows[y, x] == panel).all()
    ]
    assert len(places) == 1


def test_preview_of_rows_that_are_done_in_an_unfinished_store(simkit: Simkit, partial: Path) -> None:
    assert simkit("preview", partial, "--rows", "4000:4096").code == 0


# --- bench ---------------------------------------------------------------------------------------------------------


def test_bench(simkit: Simkit) -> None:
    result = simkit("bench", "philox", "life", "--tiny")
    assert (result.code, result.err) == (0, "")
    heads, *cases, record = result.out.splitlines()
    assert heads.split() == ["case", "rate", "bound", "share", "bounded", "by"]
    assert [case.split()[0] for case in cases] == ["philox", "life"]
    assert [case["case"] for case in json.loads(record)["cases"]] == ["philox", "life"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # WebDataset leaves its files open
def test_bench_of_streaming(simkit: Simkit) -> None:
    assert simkit("generate", "ca-ash", "--n", 600, *SMALL, "--quiet").code == 0
    result = simkit("bench", "stream", "--tiny", "--store", "ca-ash.zarr")
    assert result.code == 0
    packed, onehot, *_ = result.out.split("\n\n")
    assert packed.startswith("600 records of 8 bytes as packed")
    assert onehot.startswith("600 records of 8 bytes as onehot")
    assert "simkit, DataLoader(num_workers=2)" in packed
    assert "rows/s, of whose time it waited" in result.out
    assert json.loads(result.out.splitlines()[-1])["case"] == "stream"


@pytest.mark.slow
def test_bench_of_everything(simkit: Simkit) -> None:
    result = simkit("bench", "--tiny")
    assert result.code == 0
    assert len(result.out.splitlines()) > 3


# --- quiet, help, version ------------------------------------------------------------------------------------------


def test_quiet_prints_nothing(simkit: Simkit) -> None:
    line = ("generate", "ca-ash", "--n", 100, *SMALL, "--quiet")
    assert simkit(*line) == (0, "", "")
    assert simkit(*line) == (0, "", "")
    assert simkit("verify", "ca-ash.zarr", "-q", "--full", "--regenerate", 5) == (0, "", "")
    assert verify(library.open("ca-ash.zarr"), full=True) == []


def test_quiet_prints_errors(simkit: Simkit, partial: Path) -> None:
    assert "12,388 rows" in simkit("verify", partial, "--quiet").error


COMMANDS = [
    "generate",
    "sources",
    "info",
    "verify",
    "preview",
    "export",
    "card",
    "census",
    "lattice",
    "study",
    "baseline",
    "bench",
]


def test_help_lists_the_commands(simkit: Simkit) -> None:
    result = simkit("--help")
    assert (result.code, result.err) == (0, "")
    assert re.findall(r"^  (\w+) +\S.*\.$", result.out.partition("Data:")[2], re.MULTILINE) == COMMANDS
    sections = re.findall(r"^(\w[\w ]*):$", result.out, re.MULTILINE)
    assert sections == ["Options", "Data", "Worlds", "Networks", "This machine"]
    assert simkit("-h").out == result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(simkit: Simkit, command: str) -> None:
    result = simkit(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: simkit {command} ")
    assert simkit(command, "-h").out == result.out


@pytest.mark.parametrize("line", [("--help",), *((command, "--help") for command in COMMANDS)], ids=" ".join)
def test_help_shows_each_example_on_its_own_line(simkit: Simkit, line: tuple[str, ...]) -> None:
    text = simkit(*line).out
    assert "\\b" not in text
    assert "\b" not in text
    examples = [row for row in text.splitlines() if row.startswith("  simkit ")]
    assert all(row.count("simkit ") == 1 for row in examples)
    assert len(examples) == {"--help": 2, "generate": 3, "preview": 3, "export": 5}.get(line[0], 0)


def test_version(simkit: Simkit) -> None:
    result = simkit("--version")
    assert result.code == 0
    assert library.__version__ in result.out


# --- how numbers look ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456, "123 kB"),
        (387_000_000, "387 MB"),
        (2.5e12, "2.5 TB"),
    ],
)
def test_bytes(n: int, text: str) -> None:
    assert bytes_text(int(n)) == text


def test_bytes_never_in_exponents() -> None:
    for n in (*range(2000), *range(999_000, 1_001_000, 50), 999_999_999, 10**12 - 1, 10**15):
        assert "e+" not in bytes_text(n)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.94, "59.9 s"),
        (98, "1 min 38 s"),
        (3600, "1 h 0 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_times_just_below_a_minute() -> None:
    assert time_text(59.96) == "1 min 0 s"
    assert time_text(3599.7) == "1 h 0 min"


def test_tables() -> None:
    assert table_text([("a", "bb", "free"), ("long", "b", "")]) == "  a     bb  free\n  long  b"
    assert table_text([]) == ""


def test_the_next_command_can_be_pasted(simkit: Simkit) -> None:
    result = simkit("generate", "ca-ash", "--n", "5", *SMALL, "--out", "with a blank.zarr")
    assert result.out.splitlines()[-1] == "next: simkit preview 'with a blank.zarr' --rows 0:5 --out sheet.png"
