"""Results of studies as data sets, and figures of them."""

from __future__ import annotations

import math
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import simkit
from simkit.errors import LibraryError, SimkitError, StoreError
from simkit.figures import claims as texts
from simkit.figures.study import draw_study
from simkit.store import open_store, verify
from simkit.study import findings
from simkit.study.conduct import Question, write
from simkit.study.findings import Axes, Claim, Plot, Point, line, measured, of_points
from simkit.study.statistics import Estimate
from simkit.study.thermo import TINY


@pytest.fixture
def data(tmp_path):
    source = simkit.source("hpp", **simkit.registry.source_class("hpp").tiny)
    return simkit.generate(simkit.Recipe(source, 0, 2), tmp_path / "data.zarr")


PANELS, POINTS, CLAIMS, NOTES = (
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
        Claim("error without bound", Estimate(1.0, math.inf), 0.0),
        Claim("beside an error without bound", Estimate(1.0, 0.1), Estimate(0.0, math.inf)),
        Claim("seen by others", Estimate(0.9, 0.1), within=(0.5, math.inf), is_theirs=True),
        Claim("seen by others alone", Estimate(0.1, 0.05), within=(0.5, math.inf), is_theirs=True),
        Claim("who knows what others saw", Estimate(0.65, 0.1), within=(0.5, math.inf), is_theirs=True),
    ],
    ["a note"],
)
FOUND = of_points(PANELS, POINTS, CLAIMS, NOTES)
VERDICTS = [
    *("ok", "NOT", "ok", "unclear", "unclear", "unclear", "NOT", "ok", "ok", "NOT", "unclear", "unclear", "unclear"),
    *("unclear", "short", "NOT", "frozen", "reported", "ok", "NOT", "ok"),
    *("unclear", "unclear", "holds", "does not hold", "undecided"),
]


def written(found, folder, data, name="graph"):
    """The stores of the points and of the claims."""
    asked = Question(name, "a title", dict, dict)
    paths = write(found, "thermo", asked, folder, {"data": data}, TINY)
    return open_store(paths["points"]), open_store(paths["claims"])


def test_verdicts():
    assert {claim.text: claim.verdict for claim in CLAIMS} == dict(
        zip((claim.text for claim in CLAIMS), VERDICTS, strict=True)
    )
    assert CLAIMS[0].z == pytest.approx(2)
    by_text = {claim.text: claim for claim in CLAIMS}
    assert by_text["both noisy"].z == pytest.approx(2)
    assert math.isnan(by_text["not exactly"].z)


def test_a_value_beside_nothing_is_reported_and_not_counted_as_ok(tmp_path, data):
    rows = {row.claim: row for row in texts.read(written(FOUND, tmp_path, data)[1])}
    assert rows["measured"].verdict == "reported"
    assert not rows["measured"].exact
    assert not rows["measured"].needed
    assert set(texts.MEANINGS) == set(VERDICTS) == set(findings.VERDICTS)


@pytest.mark.parametrize("within", [(-math.inf, math.inf), (1, 0), (math.nan, 1), (0, math.nan)])
def test_an_interval_that_no_value_can_miss_or_meet_is_refused(tmp_path, data, within):
    vague = Claim("vague", Estimate(1.0, 0.1), within=within)
    with pytest.raises(SimkitError, match="the claim 'vague' needs a value from .* bounds in rising order"):
        written(FOUND._replace(claims=[vague]), tmp_path, data)
    assert not (tmp_path / "graph-claims.zarr").exists()


def test_a_table_without_rows_is_refused(tmp_path, data):
    none = findings.table(FOUND.tables["points"].schema, [])
    with pytest.raises(SimkitError, match="the table 'points' of what was found has no rows"):
        written(FOUND._replace(tables={"points": none}), tmp_path, data)
    assert not (tmp_path / "graph-points.zarr").exists()


def test_what_is_written_is_a_data_set_that_names_what_it_comes_from(tmp_path, data):
    points, claims = written(FOUND, tmp_path, data)
    assert verify(points, full=True) == verify(claims, full=True) == []
    points = open_store(tmp_path / "graph-points.zarr")
    assert [points.schema["series"].labels[i] for i in points["series"][:]] == [p.series for p in POINTS]
    assert [points.schema["panel"].labels[i] for i in points["panel"][:]] == [p.panel for p in POINTS]
    for name in ("x", "y", "error", "is_frozen"):
        assert np.array_equal(points[name][:], [getattr(p, name) for p in POINTS], equal_nan=name == "error")
    assert claims.recipe["parameters"]["tables"] == {"points": points.root_digest()}
    assert claims.recipe["parameters"]["scale"] == {"runs": 2, "steps": 20_000, "side": 128, "sweeps": 60, "seed": 0}
    assert points.recipe["parameters"]["data"]["data.zarr"] == {**data.recipe, "digest": data.root_digest()}
    claims = open_store(tmp_path / "graph-claims.zarr")
    assert [claims.schema["verdict"].labels[i] for i in claims["verdict"][:]] == VERDICTS
    assert claims.schema["at"].labels[claims["at"][1]] == "12 m"
    assert claims["dof"][14] == 3
    assert claims["n_runs"][14] == 4
    assert list(claims.schema["claim"].labels) == [claim.text for claim in CLAIMS]


def test_results_are_replaced_and_data_sets_are_not(tmp_path, data):
    written(FOUND, tmp_path, data)
    points, _ = written(of_points(PANELS, POINTS[:2], CLAIMS, NOTES), tmp_path, data)
    assert points.layout.n_rows == 2
    shutil.copytree(data.path, tmp_path / "taken-points.zarr")
    with pytest.raises(StoreError, match="taken-points.zarr is a data set and no result of a study"):
        written(FOUND, tmp_path, data, "taken")
    assert open_store(tmp_path / "taken-points.zarr").root_digest() == data.root_digest()


def test_what_a_kill_leaves_behind_is_replaced(tmp_path, data):
    points, claims = written(FOUND, tmp_path, data)
    digest = points.root_digest()
    (tmp_path / "graph-points.zarr").rename(tmp_path / ".graph-points.zarr.old")  # killed while it was replaced
    (tmp_path / "graph-points.zarr" / "ledger").mkdir(parents=True)  # killed as it was begun
    (tmp_path / "graph-claims.zarr" / "ledger" / "c.0.0.0").unlink()  # killed before it was whole
    points, claims = written(FOUND, tmp_path, data)
    assert points.root_digest() == digest
    assert verify(claims, full=True) == []
    written(FOUND, tmp_path, data)
    assert not (tmp_path / ".graph-points.zarr.old").exists()
    (tmp_path / "other-points.zarr").mkdir()
    (tmp_path / "other-points.zarr" / "letter.txt").write_text("dear")
    with pytest.raises(
        StoreError, match=r"other-points.zarr exists and is not a simkit data set \(it holds letter.txt\)"
    ):
        written(FOUND, tmp_path, data, "other")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"table": "pints"}, "what was found has no table 'pints'; did you mean 'points'"),
        ({"kind": "pie"}, "no kind of plot 'pie'"),
        ({"columns": {"x": "x"}}, "the plot 'p' needs a column for y; name one"),
        ({"columns": {"x": "x", "y": "z"}}, "the table points has no column 'z'"),
        ({"columns": {"x": "x", "y": "y", "z": "y"}}, "a plot of lines has no part 'z'"),
        ({"rows": ("panel", "c")}, "the column panel has no label 'c'"),
    ],
)
def test_plots_of_what_is_not_there_are_refused(tmp_path, data, wrong, message):
    plot = Plot("p", "points", {"x": "x", "y": "y"}, PANELS["a"])
    FOUND._replace(plots=[plot]).check()
    with pytest.raises(SimkitError, match=message):
        written(FOUND._replace(plots=[plot._replace(**wrong)]), tmp_path, data)
    assert not (tmp_path / "graph-points.zarr").exists()


def test_a_table_that_was_not_written_with_the_claims_is_not_drawn(tmp_path, data):
    _, claims = written(FOUND, tmp_path, data)
    shutil.copytree(claims.path, tmp_path / "old-claims.zarr")
    written(of_points(PANELS, POINTS[:2], CLAIMS, NOTES), tmp_path, data)
    shutil.rmtree(claims.path)
    (tmp_path / "old-claims.zarr").rename(claims.path)
    with pytest.raises(
        StoreError, match="graph-points.zarr is not the table that .*graph-claims.zarr was written with"
    ):
        draw_study(open_store(claims.path), tmp_path / "a.png")


def test_figures(tmp_path, data):
    _, claims = written(FOUND, tmp_path, data)
    draw_study(claims, tmp_path / "a.png")
    draw_study(claims, tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1104, 504)
        assert len(set(np.asarray(picture.convert("RGB")).reshape(-1, 3).sum(axis=1).tolist())) > 50
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def axes_of(claims, tmp_path, monkeypatch):
    """The axes of a figure, by the names of the panels, as they were when it was saved."""
    import matplotlib.figure

    seen = []
    save = matplotlib.figure.Figure.savefig
    monkeypatch.setattr(
        matplotlib.figure.Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k))
    )
    draw_study(claims, tmp_path / "a.png")
    return seen[0].axes


def test_the_critical_point_and_greek_letters_are_drawn(tmp_path, data, monkeypatch):
    panel = Axes("temperature T / Tc", "lambda beta_13^2", critical=1.0)
    points = [measured("a", "kappa", x, Estimate(x, 0.1)) for x in (0.9, 1.2)]
    found = of_points({"a": panel}, points, CLAIMS[:1], [])
    (axes,) = axes_of(written(found, tmp_path, data)[1], tmp_path, monkeypatch)
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
        _, store = written(of_points(panel, points + extra, CLAIMS[:1], []), tmp_path, data)
        (axes,) = axes_of(store, tmp_path, monkeypatch)
        assert axes.get_ylim() == pytest.approx((1, 1.3), abs=0.15)
        assert [text.get_text() for text in axes.texts] == (["↑ 90"] if extra == far[:1] else [])
    two_groups = points + [measured("a", "s", x, Estimate(90.0 + x, 0.5)) for x in range(6)]
    _, store = written(of_points(panel, two_groups, CLAIMS[:1], []), tmp_path, data)
    (axes,) = axes_of(store, tmp_path, monkeypatch)
    assert axes.get_ylim()[1] > 90


def test_a_lack_of_matplotlib_is_said(tmp_path, data, monkeypatch):
    _, claims = written(FOUND, tmp_path, data)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(LibraryError, match=r"^a figure of a study needs matplotlib, .*: pip install matplotlib$"):
        draw_study(claims, tmp_path / "a.png")
