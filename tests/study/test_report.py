"""Results of studies as data sets, and figures of them."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from PIL import Image

import simkit
from simkit.errors import LibraryError, StoreError
from simkit.figures.study import draw_study
from simkit.store import open_store, verify
from simkit.study.report import Axes, Claim, Point, Report, line, measured, write
from simkit.study.statistics import Estimate


@pytest.fixture
def data(tmp_path):
    source = simkit.source("hpp", **simkit.registry.source_class("hpp").tiny)
    return simkit.generate(simkit.Recipe(source, 0, 2), tmp_path / "data.zarr")


REPORT = Report(
    {"a": Axes("x (m)", "y (s)"), "b": Axes("x", "y", is_log_x=True, is_log_y=True)},
    [
        *line("a", "exact", (1, 2, 3), (1, 4, 9)),
        measured("a", "found", 1.5, Estimate(2.0, 0.1)),
        measured("b", "found", 2.5, Estimate(3.0, 0.2), is_frozen=True),
        Point("b", "exact", 1.0, 2.0),
    ],
    [
        Claim("right", Estimate(1.02, 0.01), 1.0),
        Claim("wrong", Estimate(1.05, 0.01), 1.0, at="12 m"),
        Claim("known from three values", Estimate(1.05, 0.01, 2), 1.0),
        Claim("outside", Estimate(1.002, 0.01), 1.0, within=(0.999, 1.001)),
        Claim("inside by chance", Estimate(1.0005, 0.01), 1.0, within=(0.999, 1.001)),
        Claim("missed", Estimate(1.05, 0.01), 1.0, within=(0.999, 1.001)),
        Claim("met", Estimate(1.0005, 0.0004), 1.0, within=(0.999, 1.001)),
        Claim("above", Estimate(3.0, 1.0), within=(0, math.inf)),
        Claim("below", Estimate(-3.0, 0.1), within=(0, math.inf)),
        Claim("above, who knows", Estimate(3.0, math.nan), within=(0, math.inf)),
        Claim("nan", Estimate(math.nan, 0.1), 1.0),
        Claim("nan outside", Estimate(math.nan, math.nan), within=(0, 1)),
        Claim("no error", Estimate(1.0, math.nan), 2.0),
        Claim("short", Estimate(1.0, 0.1, 3, 4, 5.0), 1.0),
        Claim("short and wrong", Estimate(9.0, 0.1, 30, 4, 5.0), 1.0),
        Claim("cold", Estimate(9.0, 0.01), 1.0, is_frozen=True),
        Claim("measured", Estimate(9.0, 0.01)),
        Claim("exactly", Estimate(0.0, 0.0), 0.0),
        Claim("not exactly", Estimate(1.0, 0.0), 0.0),
        Claim("both noisy", Estimate(1.0, 0.3), Estimate(0.0, 0.4)),
    ],
    ["a note"],
)
VERDICTS = [
    "ok",
    "NOT",
    "ok",
    "unclear",
    "unclear",
    "NOT",
    "ok",
    "ok",
    "NOT",
    "unclear",
    "unclear",
    "unclear",
    "unclear",
    "short",
    "NOT",
    "frozen",
    "",
    "ok",
    "NOT",
    "ok",
]


def test_verdicts():
    assert {claim.text: claim.verdict for claim in REPORT.claims} == dict(
        zip((claim.text for claim in REPORT.claims), VERDICTS, strict=True)
    )
    assert REPORT.claims[0].z == pytest.approx(2)
    assert REPORT.claims[-1].z == pytest.approx(2)
    assert math.isnan(REPORT.claims[-2].z)


def test_what_is_written_is_a_data_set_that_names_what_it_comes_from(tmp_path, data):
    points, claims = write(REPORT, "graph", "a title", tmp_path, [data])
    assert verify(points, full=True) == verify(claims, full=True) == []
    points = open_store(tmp_path / "graph.zarr")
    assert [points.schema["series"].labels[i] for i in points["series"][:]] == [p.series for p in REPORT.points]
    assert [points.schema["panel"].labels[i] for i in points["panel"][:]] == [p.panel for p in REPORT.points]
    for name in ("x", "y", "error", "is_frozen"):
        assert np.array_equal(points[name][:], [getattr(p, name) for p in REPORT.points], equal_nan=name == "error")
    assert points.recipe["parameters"]["data"]["data.zarr"] == {**data.recipe, "digest": data.root_digest()}
    claims = open_store(tmp_path / "graph-claims.zarr")
    assert [claims.schema["verdict"].labels[i] for i in claims["verdict"][:]] == VERDICTS
    assert claims.schema["at"].labels[claims["at"][1]] == "12 m"
    assert claims["dof"][13] == 3
    assert claims["n_runs"][13] == 4
    assert list(claims.schema["claim"].labels) == [claim.text for claim in REPORT.claims]


def test_results_are_replaced_and_data_sets_are_not(tmp_path, data):
    write(REPORT, "graph", "a title", tmp_path, [data])
    points, _ = write(REPORT._replace(points=REPORT.points[:2]), "graph", "a title", tmp_path, [data])
    assert points.layout.n_rows == 2
    digest = data.root_digest()
    with pytest.raises(StoreError, match="data.zarr is a data set and no result of a study"):
        write(REPORT, "data", "a title", tmp_path, [data])
    assert data.root_digest() == digest


def test_what_a_kill_leaves_behind_is_replaced(tmp_path, data):
    points, claims = write(REPORT, "graph", "a title", tmp_path, [data])
    digest = points.root_digest()
    (tmp_path / "graph.zarr").rename(tmp_path / ".graph.zarr.old")  # killed while it was replaced
    (tmp_path / "graph.zarr" / "ledger").mkdir(parents=True)  # killed as it was begun
    (tmp_path / "graph-claims.zarr" / "ledger" / "c.0.0.0").unlink()  # killed before it was whole
    points, claims = write(REPORT, "graph", "a title", tmp_path, [data])
    assert points.root_digest() == digest
    assert verify(claims, full=True) == []
    write(REPORT, "graph", "a title", tmp_path, [data])
    assert not (tmp_path / ".graph.zarr.old").exists()
    (tmp_path / "other.zarr").mkdir()
    (tmp_path / "other.zarr" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match=r"other.zarr exists and is not a simkit data set \(it holds letter.txt\)"):
        write(REPORT, "other", "a title", tmp_path, [data])


def test_figures(tmp_path, data):
    points, _ = write(REPORT, "graph", "a title", tmp_path, [data])
    draw_study(points, tmp_path / "a.png")
    draw_study(points, tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1104, 504)
        assert len(set(np.asarray(picture.convert("RGB")).reshape(-1, 3).sum(axis=1).tolist())) > 50
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_lack_of_matplotlib_is_said(tmp_path, data, monkeypatch):
    points, _ = write(REPORT, "graph", "a title", tmp_path, [data])
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(LibraryError, match=r"^a figure of a study needs matplotlib, .*: pip install matplotlib$"):
        draw_study(points, tmp_path / "a.png")
