"""Recipe files on the command line: those that are good, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import SMALL, Simkit

import simkit as library
from simkit.errors import MAX_MESSAGE

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


def test_a_recipe_whose_path_is_too_long(simkit: Simkit) -> None:
    assert "aaa.toml" in simkit("generate", "a" * 300 + ".toml").error


GOOD = {"source": '"ca-ash"', "version": "1", "n": "10"}


BAD_RECIPES = {
    "unknown key": ({**GOOD, "sed": "1"}, "a recipe (here r.toml) has no key 'sed'; did you mean 'seed'?"),
    "no source": ({"version": "1", "n": "10"}, "the recipe r.toml lacks 'source'; it needs source, version, n"),
    "no version": ({"source": '"ca-ash"', "n": "10"}, "the recipe r.toml lacks 'version'"),
    "no n": ({"source": '"ca-ash"', "version": "1"}, "the recipe r.toml lacks 'n'"),
    "unknown source": ({**GOOD, "source": '"ca-ahs"'}, "no source 'ca-ahs'; did you mean 'ca-ash'?"),
    "source of another kind": ({**GOOD, "source": "3"}, "'source' has to be a text"),
    "wrong version": ({**GOOD, "version": "99"}, "asked for version 99 of ca-ash; this simkit has version 1"),
    "version of another kind": ({**GOOD, "version": '"1"'}, "asked for version '1' of ca-ash"),
    "n a text": ({**GOOD, "n": '"x"'}, "n is the number of rows"),
    "n a bool": ({**GOOD, "n": "true"}, "n is the number of rows"),
    "n zero": ({**GOOD, "n": "0"}, "n is the number of rows"),
    "n a float": ({**GOOD, "n": "1.5"}, "n is the number of rows"),
    "seed a float": ({**GOOD, "seed": "1.5"}, "a seed is an integer from 0 to 2**64 - 1; this is 1.5"),
    "seed negative": ({**GOOD, "seed": "-1"}, "a seed is an integer from 0 to 2**64 - 1; this is -1"),
    "seed a list": ({**GOOD, "seed": "[1]"}, "a seed is an integer"),
    "parameters a number": ({**GOOD, "parameters": "3"}, "'parameters' has to be a table"),
    "title a number": ({**GOOD, "title": "3"}, "'title' has to be a text"),
    "digest a number": ({**GOOD, "digest": "3"}, "'digest' has to be a text"),
    "rules a number": (
        {**GOOD, "parameters": "{rules = 3}"},
        "parameter 'rules' takes a list of texts, such as A,B; this is 3",
    ),
    "rules numbers": ({**GOOD, "parameters": "{rules = [3, 4]}"}, "parameter 'rules' takes a list of texts"),
    "no rules": ({**GOOD, "parameters": "{rules = []}"}, "parameter 'rules' takes 1 to 256 rules; this is 0"),
    "size a table": ({**GOOD, "parameters": "{size = {x = 3}}"}, "parameter 'size' takes one integer or two"),
    "size three": ({**GOOD, "parameters": "{size = [8, 8, 8]}"}, "parameter 'size' takes one integer or two"),
    "size a bool": ({**GOOD, "parameters": "{size = true}"}, "parameter 'size' takes one integer or two"),
    "density a list": ({**GOOD, "parameters": "{density = [1]}"}, "parameter 'density' takes a number; this is [1]"),
    "density nan": ({**GOOD, "parameters": "{density = nan}"}, "parameter 'density' takes a probability"),
    "max_steps infinite": ({**GOOD, "parameters": "{max_steps = inf}"}, "parameter 'max_steps' takes an integer"),
    "max_steps a date": ({**GOOD, "parameters": "{max_steps = 2020-01-01}"}, "parameter 'max_steps' takes an integer"),
    "max_steps 1e1000000": (
        {**GOOD, "parameters": "{max_steps = '1e1000000'}"},
        "an integer of at most 64 bits; this is",
    ),
    "max_steps a million digits": (
        {**GOOD, "parameters": "{max_steps = 0x" + "f" * 10**6 + "}"},
        "parameter 'max_steps' takes an integer of at most 64 bits; this is an integer of about 1,204,120 digits",
    ),
    "n of 5,000 digits": ({**GOOD, "n": "9" * 5000}, "the recipe r.toml is not TOML: Exceeds the limit"),
    "n of a million hexadecimal digits": ({**GOOD, "n": "0x" + "f" * 10**6}, "n is the number of rows"),
    "seed of a million hexadecimal digits": ({**GOOD, "seed": "0x" + "f" * 10**6}, "a seed is an integer from 0"),
    "version of a million hexadecimal digits": (
        {**GOOD, "version": "0x" + "f" * 10**6},
        "asked for version an integer",
    ),
    "nested 2,000 deep": ({**GOOD, "parameters": f"{{size = {'[' * 2000}{']' * 2000}}}"}, "r.toml is nested too deep"),
    "a table 2,000 deep": ({**GOOD, f"parameters.size{'.a' * 2000}": "1"}, "'size' takes one integer or two"),
    "a long source": ({**GOOD, "source": f'"{"x" * 10**6}"'}, "(1,000,000 long)"),
    "a source of two lines": ({**GOOD, "source": '"a\\nb\\u001b"'}, r"no source 'a\nb\x1b'"),
    "a long key": ({**GOOD, "x" * 10**6: "1"}, "a recipe (here r.toml) has no key 'xxx"),
    "unknown parameter": ({**GOOD, "parameters": "{sise = 8}"}, "ca-ash has no parameter 'sise'; did you mean 'size'?"),
    "no TOML": ({"x": "= ="}, "the recipe r.toml is not TOML: "),
}


@pytest.mark.parametrize("name", BAD_RECIPES)
def test_a_recipe_file_that_is_wrong(simkit: Simkit, name: str) -> None:
    values, message = BAD_RECIPES[name]
    Path("r.toml").write_text("\n".join(f"{key} = {value}" for key, value in values.items()))
    error = simkit("generate", "r.toml").error
    assert message in error
    assert len(error) <= MAX_MESSAGE + len("simkit: ")
    assert [path.name for path in Path().iterdir()] == ["r.toml"]


@pytest.mark.parametrize("line", [("--n", "5"), ("--seed", "3"), ("--set", "size=8")], ids=" ".join)
def test_a_wrong_value_that_the_command_line_does_not_replace_is_still_wrong(
    simkit: Simkit, line: tuple[str, str]
) -> None:
    Path("r.toml").write_text('source = "ca-ash"\nversion = 1\nn = 10\nseed = 0\nparameters = 3')
    assert "'parameters' has to be a table" in simkit("generate", "r.toml", *line).error


def test_a_recipe_file_that_is_no_text(simkit: Simkit) -> None:
    Path("r.toml").write_bytes(b"\xff\xfe\x00")
    assert "the recipe r.toml is not TOML" in simkit("generate", "r.toml").error


def test_a_recipe_that_is_a_folder(simkit: Simkit) -> None:
    Path("r.toml").mkdir()
    assert "cannot read the recipe r.toml: Is a directory" in simkit("generate", "r.toml").error
