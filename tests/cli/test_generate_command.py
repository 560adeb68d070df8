"""`simkit generate` and `simkit.generate`: what they print, and where they do not write."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import GENERATE, N_ROWS, SMALL, Simkit, tree

import simkit as library
from simkit.store import verify

Start = Callable[..., subprocess.Popen[str]]


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
        r"500 rows in .+, [\d,.]+ rows/s, limited by (computing|encoding and writing); mean settle \d+ generations \(B3/S23 \d+, B36/S23 \d+\)",
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


def test_the_next_command_can_be_pasted(simkit: Simkit) -> None:
    result = simkit("generate", "ca-ash", "--n", "5", *SMALL, "--out", "with a blank.zarr")
    assert result.out.splitlines()[-1] == "next: simkit preview 'with a blank.zarr' --rows 0:5 --out sheet.png"


def test_quiet_prints_nothing(simkit: Simkit) -> None:
    line = ("generate", "ca-ash", "--n", 100, *SMALL, "--quiet")
    assert simkit(*line) == (0, "", "")
    assert simkit(*line) == (0, "", "")
    assert simkit("verify", "ca-ash.zarr", "-q", "--full", "--regenerate", 5) == (0, "", "")
    assert verify(library.open("ca-ash.zarr"), full=True) == []


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
        ({"what": "ca-ash", "n": 1, "sise": 16}, "ca-ash has no parameter 'sise'; did you mean 'size'"),
        ({"what": "ca-ash", "n": 0}, "n is the number of rows, a whole number from 1"),
    ],
)
def test_what_python_cannot_generate_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(library.SimkitError, match=said):
        library.generate(**wrong)


@pytest.mark.parametrize("text", ["1e99", "9223372036854775808", "99999999999g"])
def test_more_rows_than_can_be_numbered(simkit: Simkit, text: str) -> None:
    assert "n is the number of rows" in simkit("generate", "ca-ash", "--n", text, *SMALL).error


@pytest.mark.parametrize("text", ["1e16", "9e18"])
def test_more_rows_than_anyone_can_wait_for_are_begun_at_once(start: Start, text: str) -> None:
    """The number of shards must not matter to the time until the first is there."""
    running = start("generate", "ca-ash", "--n", text, *SMALL)
    stop = time.monotonic() + 300  # on a busy machine compiling alone takes a minute
    while not Path("ca-ash.zarr/ledger/loose.0").exists() and running.poll() is None and time.monotonic() < stop:
        time.sleep(0.01)
    assert running.poll() is None
    assert Path("ca-ash.zarr/ledger/loose.0").exists()


def test_out_is_a_file(simkit: Simkit) -> None:
    Path("x").write_text("precious")
    assert "x is a file; a data set is a folder" in simkit(*GENERATE, "--quiet", "--out", "x").error
    assert Path("x").read_text() == "precious"


def test_out_is_a_folder_that_is_not_ours(simkit: Simkit) -> None:
    Path("x").mkdir()
    Path("x/letter.txt").write_text("precious")
    error = simkit(*GENERATE, "--quiet", "--out", "x").error
    assert "x exists and is not a simkit data set (it holds letter.txt); choose another --out" in error
    assert tree(Path("x")) == {"letter.txt": b"precious"}


def test_an_error_of_the_store_comes_after_the_line_that_says_what_is_tried(simkit: Simkit) -> None:
    Path("x").write_text("precious")
    result = simkit(*GENERATE, "--out", "x")
    assert (result.code, result.out) == (1, "")
    head, error = result.err.splitlines()
    assert head.startswith("ca-ash -> x: 10 rows")
    assert error.startswith("simkit: x is a file")


def test_out_holds_another_recipe(simkit: Simkit, store: Path) -> None:
    before = tree(store)
    error = simkit(
        "generate", "ca-ash", "--n", N_ROWS, "--set", "size=16x8", "--seed", 1, "--out", store, "--quiet"
    ).error
    assert "x.zarr holds another recipe: seed is 0 there and 1 here; " in error
    assert "size is 8,8 there and 16,8 here" in error
    assert "max_steps is 300 there and 100000 here" in error
    assert error.endswith("; choose another --out")
    assert tree(store) == before


def test_out_holds_more_rows(simkit: Simkit, store: Path) -> None:
    error = simkit("generate", "ca-ash", "--n", 10, *SMALL, "--out", store, "--quiet").error
    assert "x.zarr is a data set of 12,388 rows, more than the 10 asked for; ask for as many or more" in error


@pytest.mark.parametrize("source", ["stack", "bits"])
def test_whatever_a_world_draws_may_be_looked_at_next(simkit: Simkit, source: str) -> None:
    pool = ("--set", "pool=400") if source == "stack" else ()
    assert simkit("generate", source, "--n", "8", *pool).out.splitlines()[-1] == (
        f"next: simkit preview {source}.zarr --rows 0:8 --out sheet.png"
    )
