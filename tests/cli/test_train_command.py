"""simkit train and simkit models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Simkit

RECIPE = """
models = 2
[architecture]
name = "res-cnn-cac"
W = 16
C = 4
[data]
recipe = "ca-ash-2rules"
n = 300
parameters = {size = [16, 16], max_steps = 300}
[course]
steps = 6
batch_size = 8
every = 3
n_validation = 20
"""


@pytest.fixture
def recipe(simkit: Simkit) -> str:
    del simkit  # which goes to a folder of its own
    Path("small.toml").write_text(RECIPE)
    return "small.toml"


def test_train_says_what_it_does_and_what_comes_next(simkit: Simkit, recipe: str) -> None:
    first = simkit("train", recipe, "--threads", "1")
    assert first.code == 0, first.err
    assert "small.toml -> small.zarr: 2 networks res-cnn-cac of 637 parameters, 6 steps each" in first.err
    said = first.out.splitlines()
    assert re.fullmatch(r"small\.zarr: 2 networks, complete; [\d.]+ kB on disk, digest [0-9a-f]{64}", said[0])
    assert re.fullmatch(r"12 steps in [\d.]+ s, .+; test error [\d.]+ % \(median\), [\d.]+ to [\d.]+ %", said[1])
    assert said[2] == 'next: simkit info small.zarr; in Python: simkit.models.load("small.zarr", 0)'
    assert Path("ca-ash-2rules.zarr").is_dir()
    again = simkit("train", recipe)
    assert "2 networks, was complete, nothing to do" in again.out
    more = simkit("train", recipe, "--models", "3", "--out", "small.zarr")
    assert "small.zarr: 3 networks, complete" in more.out
    assert more.out.splitlines()[1].startswith("6 steps in ")
    assert simkit("verify", "small.zarr", "--full", "--regenerate", "1").code == 0
    shown = simkit("info", "small.zarr").out
    assert "3 rows of training version 1, complete" in shown
    assert "res-cnn-cac" in shown
    quiet = simkit("train", recipe, "--out", "small.zarr", "--models", "3", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_workers_say_what_is_left_to_others(simkit: Simkit, recipe: str) -> None:
    one = simkit("train", recipe, "--workers", "2", "--worker", "1", "--threads", "1")
    assert one.code == 0, one.err
    assert "small.zarr: 1 of 2 networks; the others are for other workers" in one.out


def test_networks_that_went_wrong_are_counted(simkit: Simkit, recipe: str) -> None:
    Path("wild.toml").write_text(RECIPE + '[optimiser]\nname = "sgd"\nlr = 9e5\n')
    result = simkit("train", "wild.toml", "--threads", "1")
    assert result.code == 0, result.err
    assert "the loss of 2 networks became infinite or NaN (nan_step)" in result.out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (("train", "none.toml"), 1, "cannot read the recipe none.toml: No such file or directory"),
        (("train", "small.toml", "--models", "0"), 2, "not a count of at least 1"),
        (("train", "small.toml", "--workers", "2", "--worker", "2"), 1, "workers are numbered 0 to"),
        (("train", "small.toml", "--out", "small.toml"), 1, "small.toml"),
        (("train", "s3://bucket/recipe.toml"), 2, "a file or a folder of this machine"),
        (("models", "resnet"), 1, "there is no architecture 'resnet'"),
        (("models", "res-cnn-cac", "--set", "Q=3"), 1, "no parameter 'Q'"),
        (("models", "res-cnn-cac", "--set", "C"), 2, "takes NAME=VALUE"),
        (("models", "res-cnn-cac", "--set", "C=many"), 2, "C is a whole number; this is 'many'"),
        (("models", "--set", "C=3"), 2, "of one architecture; name it"),
    ],
)
def test_misuse_is_one_line(simkit: Simkit, recipe: str, line: tuple[str, ...], code: int, words: str) -> None:
    del recipe
    result = simkit(*line)
    assert result.code == code
    said = [text for text in result.err.splitlines() if text]
    assert words in said[-1]
    assert "Traceback" not in result.err


def test_models_lists_architectures_with_their_parameters_counted(simkit: Simkit) -> None:
    result = simkit("models")
    assert result.code == 0
    assert re.search(r"^res-cnn-cac +8,497 parameters +residual network", result.out, re.MULTILINE)
    one = simkit("models", "res-cnn-cac", "--set", "C=32", "--set", "padding=circular").out
    assert "32,865 parameters, 33,121 weights with running statistics" in one
    assert re.search(r"^ +C +32 +channels of the residual stream", one, re.MULTILINE)
    assert re.search(r"^ +padding +circular ", one, re.MULTILINE)
