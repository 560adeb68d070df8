"""The report of a study, and the plots that it is made of."""

from __future__ import annotations

import base64
import re
import shutil
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

import simkit
from simkit.errors import ParameterError
from simkit.figures.page import draw_page
from simkit.figures.study import draw_plot
from simkit.schema import Field, Schema
from simkit.store import open_store
from simkit.study.conduct import Question, results, write
from simkit.study.findings import Axes, Claim, Findings, Plot, Table
from simkit.study.statistics import Estimate
from simkit.study.thermo import TINY

HOSTILE = '<script>alert("1")</script> & $\'--> '
KINDS = ("left & right", HOSTILE)
AXES = Axes("x (m)", HOSTILE)

TABLE = Table(
    Schema(
        x=Field("float64", "where"),
        y=Field("float64", HOSTILE),
        error=Field("float64", "of y"),
        kind=Field("int64", "which", labels=KINDS),
        flag=Field("bool", "yes or no"),
        board=Field("uint8", "cells", ("row", "column"), (3, 4)),
    ),
    {
        "x": np.array([1.0, 2.0, 1.0, 2.0, 3.0]),
        "y": np.array([3.0, 5.0, 4.0, 6.0, 1.0]),
        "error": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
        "kind": np.array([0, 0, 1, 1, 1]),
        "flag": np.array([0, 0, 1, 1, 0], bool),
        "board": np.arange(60, dtype=np.uint8).reshape(5, 3, 4),
    },
)

#: the rows of the first kind
FIRST = ("kind", KINDS[0])

PLOTS = {
    "lines": Plot(HOSTILE, "t", {"x": "x", "y": "y", "error": "error", "series": "kind"}, AXES),
    "bars": Plot("b", "t", {"x": "x", "y": "y", "error": "error"}, AXES, "bars", FIRST),
    "bars of series": Plot("s", "t", {"x": "x", "y": "y", "series": "kind"}, AXES, "bars"),
    "histogram": Plot("h", "t", {"x": "y", "series": "kind"}, AXES, "histogram"),
    "heat map": Plot("m", "t", {"x": "x", "y": "kind", "z": "y"}, AXES, "heat map"),
    "pictures": Plot("p", "t", {"image": "board", "caption": "kind"}, AXES, "pictures"),
}

FOUND = Findings(
    {"t": TABLE},
    list(PLOTS.values()),
    [
        Claim(HOSTILE, Estimate(1.02, 0.01), 1.0, at="12 m"),
        Claim("wrong", Estimate(1.25, 0.01), 1.0),
        Claim("needed", Estimate(0.5, 0.1), within=(0.0, 1.0)),
    ],
    [f"a note {HOSTILE}"],
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    source = simkit.source("hpp", **simkit.registry.source_class("hpp").tiny)
    return simkit.generate(simkit.Recipe(source, 5, 2), tmp_path_factory.mktemp("data") / "gas.zarr")


@pytest.fixture(scope="module")
def stores(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("found")
    paths = write(FOUND, "thermo", Question("energy", f"title {HOSTILE}", dict, dict), folder, {"gas": data}, TINY)
    return {name: open_store(path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def page(stores, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "report.html"
    draw_page([stores["claims"]], out)
    return out.read_text("utf-8")


class Reader(HTMLParser):
    """What a page loads, what it says, and whether its elements are closed in their order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] != "style":
            self.words.append(text)


def test_the_page_is_whole_and_loads_nothing(page):
    found = Reader(page)
    assert found.open == []
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    places = [value for name, value in found.attributes if name in ("src", "href", "srcset", "action")]
    assert len(places) == len(PLOTS)
    assert all(place.startswith("data:image/svg+xml;base64,") for place in places)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_what_stands_in_stores_is_text(page):
    words = "".join(Reader(page).words)
    assert "<script" not in page
    assert words.count(HOSTILE.strip()) >= 5  # title twice, note, claim, table
    for image in re.findall(r"base64,([^\"]+)", page):
        root = ElementTree.fromstring(base64.b64decode(image))
        assert not [node for node in root.iter() if node.tag.endswith("script")]


def test_claims_and_the_chain_of_digests_are_on_it(page, stores, data):
    words = Reader(page).words
    for text in ("1.020(10)", "1.250(10)", "0 .. 1", "12 m", "+2.0", "ok", "NOT", "gas.zarr", "hpp"):
        assert text in words, text
    assert {data.root_digest(), stores["t"].root_digest(), stores["claims"].root_digest()} <= set(words)
    assert any("runs = 2; steps = 20000; side = 128; sweeps = 60; seed = 0" in text for text in words)
    (parameters,) = [text for text in words if "height = " in text]
    assert f"height = {data.recipe['parameters']['height']}" in parameters
    assert "3 x 4" in words


def test_the_page_is_the_same_each_time(page, stores, tmp_path):
    draw_page([stores["claims"]], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text("utf-8") == page
    with pytest.raises(ParameterError, match="a report is about one question at least; there is none"):
        draw_page([], tmp_path / "none.html")


def test_long_tables_and_lists_are_cut(data, tmp_path):
    long = Table(Schema(x=Field("float64", "x")), {"x": np.arange(700.0)})
    plot = Plot("h", "long", {"x": "x"}, Axes("x", "n"), "histogram")
    paths = write(Findings({"long": long}, [plot], FOUND.claims, []), "thermo",
                  Question("energy", "t", dict, dict), tmp_path, {"gas": data}, TINY)  # fmt: skip
    draw_page([open_store(paths["claims"])], tmp_path / "report.html")
    words = Reader((tmp_path / "report.html").read_text("utf-8")).words
    assert "499" in words
    assert "500" not in words
    assert any(text.startswith("The first 500 rows") for text in words)


def test_results_are_those_of_the_study_in_its_order(stores, data, tmp_path):
    asked = [Question(name, name, dict, dict) for name in ("cooling", "energy")]
    paths = [write(FOUND, "thermo", one, tmp_path, {"gas": data}, TINY)["claims"] for one in asked]
    shutil.copytree(data.path, tmp_path / "boxes-claims.zarr")
    assert results("thermo", tmp_path) == {"energy": paths[1], "cooling": paths[0]}


def drawn(name, stores):
    """The axes of a plot."""
    plots = stores["claims"].recipe["parameters"]["plots"]
    axes = Figure().subplots()
    draw_plot(axes, plots[list(PLOTS).index(name)], stores["t"])
    return axes


def test_bars(stores):
    axes = drawn("bars", stores)
    assert [bar.get_height() for bar in axes.patches] == [3, 5]
    series = drawn("bars of series", stores)
    assert [bar.get_height() for bar in series.patches] == [3, 5, 4, 6, 1]
    assert len(series.get_legend().get_texts()) == 2
    assert [text.get_text() for text in series.get_xticklabels()] == ["1", "2", "3"]


def test_histogram(stores):
    axes = drawn("histogram", stores)
    counts = [patch.get_data().values for patch in axes.patches]
    assert [count.sum() for count in counts] == [2, 2, 3, 3]  # filled, and their outlines


def test_heat_map(stores):
    axes = drawn("heat map", stores)
    (image,) = axes.images
    assert np.array_equal(np.ma.masked_invalid(image.get_array()).filled(-1), [[3, 5, -1], [4, 6, 1]])
    assert len(axes.get_yticklabels()) == 2


def test_pictures(stores):
    axes = drawn("pictures", stores)
    assert [image.get_array().tolist() for image in axes.images] == TABLE.columns["board"].tolist()
    assert [text.get_text() for text in axes.texts][:2] == [KINDS[0]] * 2
    assert len({tuple(image.get_extent()) for image in axes.images}) == 5


@pytest.mark.parametrize(
    ("kind", "columns", "message"),
    [
        ("bars", {"x": "x", "y": "y", "series": "flag"}, "series of the plot 'p' needs labels; flag has none"),
        ("pictures", {"image": "y"}, "image of the plot 'p' needs 2 or 3 dimensions a row; y has 0"),
        ("histogram", {"x": "board"}, "x of the plot 'p' needs 0 dimensions a row; board has 2"),
        ("heat map", {"x": "x", "y": "y"}, "the plot 'p' needs a column for z; name one"),
    ],
)
def test_columns_of_the_wrong_kind_are_refused(kind, columns, message):
    with pytest.raises(ParameterError, match=message):
        FOUND._replace(plots=[Plot("p", "t", columns, AXES, kind)]).check()


def test_a_heat_map_has_one_value_for_each_place():
    plot = Plot("p", "t", {"x": "x", "y": "flag", "z": "y"}, AXES, "heat map")
    FOUND._replace(plots=[plot._replace(rows=("kind", KINDS[0]))]).check()
    twice = {**TABLE.columns, "flag": np.ones(5, bool)}
    with pytest.raises(ParameterError, match="the heat map 'p' has several rows of one x and y"):
        FOUND._replace(tables={"t": TABLE._replace(columns=twice)}, plots=[plot]).check()
