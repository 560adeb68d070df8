"""simkit study thermo."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from command_line import Simkit
from PIL import Image

from simkit.figures.claims import number
from simkit.lattices import swendsen_wang
from simkit.store import open_store
from simkit.study.findings import Claim, Findings
from simkit.study.statistics import Estimate
from simkit.study.thermo import STUDY, equilibration

#: those that tests/study does not conduct, and one that has something to say of frozen runs
SOME = ("freezing", "creutz", "magnetisation")


DOCS = Path(__file__).parents[2] / "docs"


def says(picture: Path) -> tuple[str, str]:
    """Return the title and the description that a picture has in it."""
    with Image.open(picture) as image:
        image.load()
        return image.info["Title"], image.info["Description"]


def test_pictures_of_the_study_in_the_docs_are_of_its_questions() -> None:
    kept = {path.stem.removeprefix("thermo-"): path for path in DOCS.glob("thermo-*.png")}
    assert len(kept) == 9
    assert {name: says(path)[0] for name, path in kept.items()} == {name: STUDY.questions[name] for name in kept}


@pytest.mark.parametrize(
    "asked", [SOME, pytest.param((), marks=pytest.mark.slow)], ids=["some questions", "all questions"]
)
def test_a_study_in_small(simkit: Simkit, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]) -> None:
    questions, seeds = asked or tuple(STUDY.questions), []

    def sample(*arguments: object) -> object:
        seeds.append(arguments[-1])
        return swendsen_wang.sample_cylinder(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("simkit.study.thermo.magnetisation.sample_cylinder", sample)
    found = simkit("study", "thermo", *asked, "--tiny")
    assert (found.code, [line for line in found.err.splitlines() if ": compiling " not in line]) == (0, [])
    lines = found.out.splitlines()
    for graph in questions:
        assert any(line.startswith(graph) and {"measured", "runs", "dof"} <= set(line.split()) for line in lines)
        assert any(line.startswith(f"thermo/{graph}.png, ") for line in lines)
        assert Path("thermo", f"{graph}.png").stat().st_size > 20_000
        if (kept := DOCS / f"thermo-{graph}.png").is_file():
            assert says(kept) == says(Path("thermo", f"{graph}.png"))
        assert Path("thermo", f"{graph}-claims.zarr").is_dir()
        points = open_store(Path("thermo", f"{graph}-points.zarr"))
        measured = points["panel"][:][~np.isnan(points["error"][:])]
        assert set(measured.tolist()) == set(range(len(points.schema["panel"].labels)))
    report = Path("thermo", "report.html").read_text("utf-8")
    assert [graph for graph in STUDY.questions if f'<section id="{graph}">' in report] == [
        graph for graph in STUDY.questions if graph in questions
    ]
    assert "thermo/report.html: all that is in thermo" in lines
    assert any(line.startswith("! T/Tc 0.8 is frozen after 10,000 steps") for line in lines)
    assert "frozen (in no equilibrium: nothing is claimed)" in lines[-3]
    assert lines[-1].endswith("next, at full size: simkit study thermo")
    assert "rows of study thermo creutz, points version 1, complete" in simkit("info", "thermo/creutz-points.zarr").out
    assert simkit("verify", "thermo/creutz-points.zarr", "--full").code == 0
    assert len(set(seeds)) == len(seeds) > 3  # of the clusters at each temperature


def test_the_help_of_a_study_lists_its_questions(simkit: Simkit) -> None:
    assert re.search(rf"^ +thermo +{STUDY.title}\.$", simkit("study", "--help").out, re.MULTILINE)
    page = simkit("study", "thermo", "--help").out
    for name, title in STUDY.questions.items():
        assert re.search(rf"^ *{name} +{re.escape(title)}$", page, re.M)


WRONG, RIGHT = "1 (a claim that does not hold)", "2 (one that does)"


@pytest.fixture
def a_wrong_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    def analyse(stores: object, scale: object) -> Findings:
        claims = [Claim(WRONG, Estimate(1.0, 0.01), 0.0, at="here"), Claim(RIGHT, Estimate(2.0, 0.1), 2.0)]
        return equilibration.analyse(stores, scale)._replace(claims=claims)  # type: ignore[arg-type]

    monkeypatch.setattr("simkit.study.thermo.freezing.needs", equilibration.needs)
    monkeypatch.setattr("simkit.study.thermo.freezing.analyse", analyse)


@pytest.mark.usefixtures("a_wrong_claim")
def test_what_does_not_hold_is_told_by_the_exit_status_and_when_all_is_quiet(simkit: Simkit) -> None:
    found = simkit("study", "thermo", "freezing", "--tiny", "--quiet")
    assert found.code == 3
    assert found.out == ""
    assert found.err == f"NOT: freezing: {WRONG} (here): measured 1.000(10), exact 0, z +100.0\n"
    loud = simkit("study", "thermo", "freezing", "--tiny")
    assert loud.code == 3
    assert f"NOT: freezing: {WRONG}" in loud.err
    assert "1 ok, 1 NOT" in loud.out


def test_other_sizes_for_the_same_folder_are_refused(simkit: Simkit) -> None:
    assert simkit("study", "thermo", "equilibration", "--tiny", "--quiet").out == ""
    error = simkit("study", "thermo", "equilibration", "--tiny", "--steps", "4e4").error
    assert "holds another recipe: every is 2 there and 4 here; steps is 2000 there and 4000 here" in error


def test_misuse(simkit: Simkit) -> None:
    assert "'energie' is not one of 'energy'" in simkit("study", "thermo", "energie").misuse
    assert "at least 2 independent runs; asked for 1" in simkit("study", "thermo", "--runs", "1").error


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.26104, 0.00022, "0.26104(22)"),
        (8120.7, 330.0, "8,121(330)"),
        (3.14159, 0.0, "3.14159"),
        (0.5, float("nan"), "0.5"),
        (float("nan"), 0.1, ""),
        (1.2345, 0.96, "1.23(96)"),
        (-0.000034, 0.000058, "-0.000034(58)"),
    ],
)
def test_numbers_with_errors(value: float, error: float, text: str) -> None:
    assert number(value, error) == text
