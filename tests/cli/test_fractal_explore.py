"""simkit fractal explore: what it begins with, and one line for what it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette", reason="the viewer needs starlette")
from simkit_cli.main import main

from simkit.fractals.presets import PRESETS
from simkit.viewer import server


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def serve(name: str, first: Mapping[str, Mapping[str, str]], **options: Any) -> None:
        found.append({"name": name, "first": dict(first), **options})
        options["tell"]("http://127.0.0.1:8653/")
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", serve)
    return found


def test_it_serves_what_is_asked_for_until_ctrl_c(seen: list[dict[str, Any]]) -> None:
    done = CliRunner().invoke(main, ["fractal", "explore", "henon", "--no-browser", "--port", "0", "--threads", "3"])
    assert (done.exit_code, done.output) == (0, "http://127.0.0.1:8653/\nCtrl-C stops it\nstopped\n")
    (asked,) = seen
    assert (asked["name"], asked["port"], asked["n_threads"], asked["is_opened"]) == ("fractal", 0, 3, False)
    assert list(asked["first"]) == ["henon"]
    assert asked["first"]["henon"]["map"] == "1,0,1,-1.4,0,0,0,0.3,0,0,0,0"
    assert asked["first"]["henon"]["width"] == PRESETS["henon"].square[2]


def test_without_a_subject_it_begins_with_the_first_preset(seen: list[dict[str, Any]]) -> None:
    done = CliRunner().invoke(main, ["fractal", "explore"])
    assert done.exit_code == 0
    assert (seen[0]["first"], seen[0]["port"], seen[0]["is_opened"]) == ({}, server.PORT, True)


def test_a_map_that_begins_with_a_minus_gets_a_view(seen: list[dict[str, Any]]) -> None:
    done = CliRunner().invoke(main, ["fractal", "explore", "-0.1,-0.9,1,0,-1,0.9,0.1,0,2,0"])
    assert done.exit_code == 0, done.output
    (values,) = seen[0]["first"].values()
    assert values["map"].startswith("0,-0.1,-0.9")
    assert 0 < float(values["width"]) < 100


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["henno"], "did you mean 'henon'?"),
        (["1,2"], "a map is written as 12 numbers"),
        ([",".join(["nan"] * 12)], "coefficients are finite"),
        (["--row", "3"], "name it: simkit fractal explore STORE --row"),
        (["henon", "--row", "3"], "a row is of a data set"),
        (["none.zarr"], "none.zarr"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--backend", "gpu"], "there is no backend 'gpu'"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    arguments: list[str], line: str, seen: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["fractal", "explore", *arguments])
    assert done.exit_code in (1, 2)
    assert line in done.output
    assert (
        sum(
            bool(line) and not line.startswith(("Usage", "Try", "simkit: compiling", "compiling"))
            for line in done.output.splitlines()
        )
        == 1
    )
    assert not seen


def test_a_port_in_use_is_told_in_one_line() -> None:
    with server.bound(0) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(main, ["fractal", "explore", "--port", port, "--no-browser"])
    assert done.exit_code == 1
    assert done.output == f"simkit: port {port} is in use; name another, or --port 0 for any that is free\n"
