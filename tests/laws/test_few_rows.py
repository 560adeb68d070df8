"""Sources that show what is given, such as the images of a file, have as many rows: whoever asks for more is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import pytest
from click.testing import CliRunner
from simkit_cli.main import main

import simkit
from simkit import registry, testing
from simkit.backends import Kernels
from simkit.contract import MAX_ROWS, Source, param
from simkit.errors import ParameterError
from simkit.kernels import philox
from simkit.recipe import Recipe
from simkit.schema import Batch, Field, Schema

MORE = r"letters has 5 rows with these parameters; asked for the first {}"


@final
@dataclass(frozen=True)
class Letters(Source):
    """The letters of a word, as pictures of eight bits."""

    name = "letters"
    version = 1
    title = "the letters of a word"
    tiny: ClassVar[dict[str, object]] = {"word": "ab"}
    kernels = (philox.KERNEL,)

    word: str = param("words", "what is spelt")

    def n_rows(self) -> int:
        return len(self.word)

    def schema(self) -> Schema:
        return Schema(image=Field("uint8", "the letter's bits", ("y", "x"), (1, 8), full=1))

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        letters = np.frombuffer(self.word.encode(), np.uint8)[rows.start : rows.stop]
        assert len(letters) == len(rows), "asked for rows that there are not"
        return {"image": np.unpackbits(letters[:, None], axis=1)[:, None]}


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command line finds the source, and works in an empty folder."""
    monkeypatch.setattr(registry, "sources", lambda: {"letters": f"{Letters.__module__}:Letters"})
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments, prog_name="simkit")
    return result.exit_code, result.stdout, result.stderr


def test_other_sources_have_no_last_row() -> None:
    assert simkit.source("ca-ash").n_rows() == MAX_ROWS


@pytest.mark.parametrize("rows", [6, range(6), range(5, 6), [0, 5], range(MAX_ROWS - 1, MAX_ROWS)])
def test_generate_tells(rows: int | range | list[int]) -> None:
    last = rows if isinstance(rows, int) else max(rows) + 1
    with pytest.raises(ParameterError, match=f"{MORE.format(f'{last:,}')}$"):
        Letters().generate(0, rows)


def test_all_rows_and_none_are_given() -> None:
    for rows, n in ((5, 5), (range(2, 5), 3), ([4, 0, 4], 3), (range(0), 0), (range(9, 9), 0)):
        assert len(Letters().generate(0, rows)["image"]) == n


@pytest.mark.usefixtures("listed")
def test_the_laws_hold_for_its_first_and_last_rows() -> None:
    testing.check_source(Letters(), rows=range(3))
    testing.check_source(Letters())


def test_a_data_set_of_more_rows_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for what in (Recipe(Letters(), 0, 6), Letters()):
        with pytest.raises(ParameterError, match=MORE.format(6)):
            simkit.generate(what, tmp_path / "x.zarr", n=6)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("listed")
def test_a_data_set_can_be_continued_to_the_last_row_and_no_further(tmp_path: Path) -> None:
    for n in (3, 5):
        store = simkit.generate(Letters(), tmp_path / "x.zarr", n=n, backend="reference")
    assert bytes(np.packbits(store["image"][:, 0], axis=1)[:, 0]) == b"words"
    digest = store.root_digest()
    with pytest.raises(ParameterError, match=MORE.format(6)):
        simkit.generate(Letters(), tmp_path / "x.zarr", n=6)
    assert simkit.open(tmp_path / "x.zarr").root_digest() == digest


def test_a_live_stream_tells() -> None:
    pytest.importorskip("torch", reason="simkit.learn needs torch")
    from simkit.learn import batches

    with pytest.raises(ParameterError, match=MORE.format(6)):
        batches(Letters(), n=6, batch_size=2, backend="reference")
    parts = [batch["image"] for batch in batches(Letters(), n=5, batch_size=2, n_threads=0, backend="reference")]
    assert [len(part) for part in parts] == [2, 2, 1]


@pytest.mark.usefixtures("listed")
def test_the_command_line_tells() -> None:
    code, out, err = run("generate", "letters", "--n", "6")
    assert (code, out) == (1, "")
    assert err == "simkit: letters has 5 rows with these parameters; asked for the first 6\n"
    assert list(Path().iterdir()) == []
    assert run("generate", "letters", "--n", "6", "--set", "word=longer", "--quiet", "--backend", "reference")[0] == 0
    code, out, _ = run("verify", "letters.zarr", "--regenerate", "100", "--backend", "reference")
    assert code == 0
    assert "6 rows" in out


@pytest.mark.usefixtures("listed")
def test_a_sample_shows_no_more_than_there_are() -> None:
    assert run("sources", "letters", "--out", "a.png")[1].startswith("a.png: 5 rows of letters with the default ")
