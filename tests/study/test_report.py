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
        Claim("near, known from three values", Estimate(1.03, 0.01, 2), 1.0),
        Claim("off, known from three values", Estimate(1.05, 0.01, 2), 1.0),
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
    *("ok", "NOT", "ok", "unclear", "unclear", "unclear", "NOT", "ok", "ok", "NOT", "unclear", "unclear", "unclear"),
    *("unclear", "short", "NOT", "frozen", "", "ok", "NOT", "ok"),
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
    assert claims["dof"][14] == 3
    assert claims["n_runs"][14] == 4
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


def axes_of(points, tmp_path, monkeypatch):
    """The axes of a figure, by the names of the panels, as they were when it was saved."""
    import matplotlib.figure

    seen = []
    save = matplotlib.figure.Figure.savefig
    monkeypatch.setattr(
        matplotlib.figure.Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k))
    )
    draw_study(points, tmp_path / "a.png")
    return seen[0].axes


def test_the_critical_point_and_greek_letters_are_drawn(tmp_path, data, monkeypatch):
    panel = Axes("temperature T / Tc", "lambda beta_13^2", critical=1.0)
    report = Report(
        {"a": panel}, [measured("a", "kappa", x, Estimate(x, 0.1)) for x in (0.9, 1.2)], REPORT.claims[:1], []
    )
    (axes,) = axes_of(write(report, "graph", "t", tmp_path, [data])[0], tmp_path, monkeypatch)
    assert axes.get_xlabel() == "temperature T / $T_c$"
    assert axes.get_ylabel() == "$\\lambda$ $\\beta_{13}$$^{2}$"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["$T_c$", "$\\kappa$"]
    assert [line.get_xdata() for line in axes.lines if line.get_label() == "$T_c$"] == [[1.0, 1.0]]


@pytest.mark.parametrize("is_log", [False, True])
def test_one_outlier_does_not_set_the_scale(tmp_path, data, monkeypatch, is_log):
    values = [1.0, 1.1, 1.3, 1.2, 1.05, 1.15]
    points = [measured("a", "s", x, Estimate(y, 0.02)) for x, y in enumerate(values)]
    far = [measured("a", "s", 7, Estimate(90.0, 0.02)), measured("a", "s", 8, Estimate(1.1, 0.9))]
    panel = {"a": Axes("x", "y", is_log_y=is_log)}
    for extra in ([], far[:1], far[1:]):
        store, _ = write(Report(panel, points + extra, REPORT.claims[:1], []), "graph", "t", tmp_path, [data])
        (axes,) = axes_of(store, tmp_path, monkeypatch)
        assert axes.get_ylim() == pytest.approx((1, 1.3), abs=0.15)
        assert [text.get_text() for text in axes.texts] == (["↑ 90"] if extra == far[:1] else [])
    two_groups = points + [measured("a", "s", x, Estimate(90.0 + x, 0.5)) for x in range(6)]
    store, _ = write(Report(panel, two_groups, REPORT.claims[:1], []), "graph", "t", tmp_path, [data])
    (axes,) = axes_of(store, tmp_path, monkeypatch)
    assert axes.get_ylim()[1] > 90


def test_a_lack_of_matplotlib_is_said(tmp_path, data, monkeypatch):
    points, _ = write(REPORT, "graph", "a title", tmp_path, [data])
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(LibraryError, match=r"^a figure of a study needs matplotlib, .*: pip install matplotlib$"):
        draw_study(points, tmp_path / "a.png")
