"""Data cards say what the data set is, and the recipe in them makes it again."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from export_samples import Zoo, make

import simkit
from simkit import recipe
from simkit.errors import RecipeError, StoreError
from simkit.recipe import Recipe
from simkit.store import forget


@pytest.fixture(scope="module")
def ash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two boards of a recipe that comes with simkit."""
    path = tmp_path_factory.mktemp("stores") / "four.zarr"
    values = recipe.load(recipe.shipped()["ca-ash-4rules"])
    simkit.generate(Recipe.parse({**values, "n": 2}), path)
    return path


def read(folder: Path) -> tuple[str, dict[str, object]]:
    return (folder / "README.md").read_text("utf-8"), json.loads((folder / "croissant.json").read_text("utf-8"))


def properties(croissant: dict[str, object]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in croissant["additionalProperty"]}  # type: ignore[attr-defined]


def test_the_recipe_in_the_card_is_that_of_the_data_set(store: Path, tmp_path: Path) -> None:
    simkit.card(store, tmp_path)
    text, croissant = read(tmp_path)
    (toml,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert toml == properties(croissant)["recipe"]
    (tmp_path / "recipe.toml").write_text(toml, "utf-8")
    values = recipe.load(tmp_path / "recipe.toml")
    assert dict(values) == simkit.open(store).recipe
    assert Zoo(**values["parameters"]) == Zoo()


def test_it_goes_into_the_data_set_and_leaves_it_whole(ash: Path) -> None:
    assert simkit.card(ash).n_files == 2
    assert simkit.card(ash).n_same == 2
    text, croissant = read(ash)
    digest = simkit.open(ash).root_digest()
    assert f"`{digest}`" in text
    assert properties(croissant)["digest"] == digest
    assert properties(croissant)["command"] == "simkit generate recipe.toml"
    assert "# Life, HighLife, B38/S23 or B3/S238: the four-rule task\n\nRandom soups under Life-like rules" in text
    citation = recipe.load(recipe.shipped()["ca-ash-4rules"])["citation"]
    assert text.endswith(f"## Citation\n\n{citation}\n")
    assert croissant["citeAs"] == citation
    before = simkit.open(ash)["ash"][:]
    simkit.generate(Recipe.parse(simkit.open(ash).recipe), ash)
    assert (simkit.open(ash)["ash"][:] == before).all()


def test_what_the_source_says_is_in_the_card_of_any_of_its_data_sets(tmp_path: Path) -> None:
    path = tmp_path / "small.zarr"
    source = simkit.source("ising-q2r", size=8, steps=2, every=1)
    simkit.generate(Recipe(source, 0, 1), path, backend="reference")
    simkit.card(path)
    text, croissant = read(path)
    assert text.endswith(f"## Citation\n\n{source.citation}\n")
    assert croissant["citeAs"] == source.citation
    assert "\n## Known exactly\n\n- The number of unsatisfied bonds is the same at every step.\n- Reversible: " in text
    assert properties(croissant)["known exactly"] == "\n".join(source.facts)


def test_what_is_not_known_is_not_invented(store: Path, tmp_path: Path) -> None:
    simkit.card(store, tmp_path)
    text, croissant = read(tmp_path)
    assert not re.search(
        "licen[sc]e|citation|date|author", text + json.dumps(croissant).partition("conformsTo")[2], re.I
    )
    assert text.splitlines()[4] == "# zoo version 3, seed 5"
    assert "\n150 rows, each a function of recipe and row number.\n" in text


def test_fields_are_those_of_the_schema(store: Path, tmp_path: Path) -> None:
    simkit.card(store, tmp_path)
    text, croissant = read(tmp_path)
    packed = "(13 cells along x_byte, eight a byte, the lowest bit first)"
    assert f"| `board` | uint8 | y = 3, x_byte = 2 |  | packed \\| cells {packed} |" in text
    assert "| `charge` | int16 |  | e | of both signs |" in text
    assert 'The values 0, 1, ... of `kind`: `up`, `d"own`, `strange ü`.' in text
    assert "The entries of `counts`: `stone`, `leaf`." in text
    classes, samples = croissant["recordSet"]  # type: ignore[misc]
    assert [field["name"] for field in samples["field"]] == list(Zoo().schema())
    kinds = {field["name"]: (field["dataType"], field.get("repeated", False)) for field in samples["field"]}
    assert kinds["board"] == ("sc:Integer", True)
    assert kinds["heat"] == ("sc:Float", False)
    assert kinds["is_odd"] == ("sc:Boolean", False)
    assert "axes z = 2, y = 3, x = 4" in samples["field"][2]["description"]
    assert "unit J" in samples["field"][1]["description"]
    assert (classes["dataType"], classes["key"]) == ("sc:Enumeration", {"@id": "kind-classes/value"})
    assert samples["field"][6]["references"] == {"field": {"@id": "kind-classes/value"}}
    (zarr,) = croissant["distribution"]  # type: ignore[misc]
    assert zarr["includes"] == ["zarr.json", *(f"{name}/*" for name in Zoo().schema())]
    assert [entry["kind-classes/name"] for entry in classes["data"]] == list(Zoo().tags)


def test_an_export_comes_with_the_card_of_what_it_holds(store: Path, tmp_path: Path) -> None:
    for to in ("hf", "idx", "webdataset"):
        simkit.export(store, to, tmp_path / to, rows=range(10, 20), fields=["board"])
        text = (tmp_path / to / "README.md").read_text("utf-8")
        assert "| `board` | uint8 | y = 3, x = 13 |  | packed \\| cells |" in text
        assert "`charge`" not in text
        assert "Rows 10 to 19 of 150 rows, each a function" in text
        assert f"`{simkit.open(store).root_digest()}`" in text


def test_an_unfinished_data_set_has_no_digest_yet(tmp_path: Path) -> None:
    path = make(tmp_path / "zoo.zarr")
    forget(path, [1])
    simkit.card(path)
    text, croissant = read(path)
    assert "86 of them are generated so far." in text
    assert "digest" not in text
    assert "digest" not in properties(croissant)
    make(path)
    with pytest.raises(StoreError, match=r"README.md is there already and holds something else"):
        simkit.card(path)
    assert simkit.card(path, replace=True).n_same == 0
    assert "digest" in read(path)[0]


def test_a_recipe_of_ones_own(ash: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = recipe.shipped()["ca-ash-4rules"].read_text("utf-8")
    own.write_text(re.sub("(?m)^citation = .*$", 'citation = "Me, 2026"', text), "utf-8")
    simkit.card(ash, tmp_path / "card", recipe_file=own)
    assert read(tmp_path / "card")[1]["citeAs"] == "Me, 2026"
    for change in (("seed = 0", "seed = 1"), ("density = 0.5", "density = 0.25")):
        assert change[0] in text
        own.write_text(text.replace(*change), "utf-8")
        with pytest.raises(RecipeError, match=r"four.zarr was not made by the recipe .*own.toml; `simkit info` shows"):
            simkit.card(ash, tmp_path / "card", recipe_file=own)


@pytest.mark.filterwarnings("ignore")  # its own libraries' warnings are not ours
def test_croissant_itself_takes_it(ash: Path, store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    simkit.card(ash, replace=True)
    simkit.card(store, tmp_path)
    for folder, classes in ((ash, ["B3/S23", "B36/S23", "B38/S23", "B3/S238"]), (tmp_path, list(Zoo().tags))):
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            opened = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
        assert opened.metadata.ctx.issues.errors == set()
        warned = set(re.findall(r'Property "\S+/(\w+)"', "\n".join(opened.metadata.ctx.issues.warnings)))
        assert warned <= {"license", "datePublished", "citeAs"}, "what nobody knows may be missing, and nothing else"
        assert "not standard" not in caplog.text
        (name,) = [each.name for each in opened.metadata.record_sets if each.name != "samples"]
        assert [entry[f"{name}/name"] for entry in opened.records(name)] in (
            classes,
            [label.encode() for label in classes],
        )
        (samples,) = [each for each in opened.metadata.record_sets if each.name == "samples"]
        assert [field.name for field in samples.fields] == list(simkit.open(ash if folder == ash else store))
