"""Populations of networks: rows that depend on nothing but recipe, seed and row; resumed, extended, verified."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import simkit
from simkit import models
from simkit.analysis.boards import Rows
from simkit.errors import DamageError, ParameterError, RecipeError, SimkitError, StoreError, UnknownNameError
from simkit.learn.training import Course, Population, read
from simkit.learn.training.checkpoints import Checkpoints
from simkit.schema import check

RECIPE = """
models = 3
seed = 5
[architecture]
name = "res-cnn-cac"
W = 16
C = 4
[data]
recipe = "ca-ash-2rules"
n = 400
parameters = {size = [16, 16], max_steps = 300}
augment = ["translate", "rotate", "reflect"]
[optimiser]
lr = 4e-3
schedule = "one-cycle"
[course]
steps = 24
batch_size = 16
every = 10
n_validation = 30
stages = [1.0, 0.0]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("population")
    (folder / "small.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def store(folder):
    return simkit.train(folder / "small.toml", folder / "models.zarr", n_threads=2)


def recipe(folder, name, *changes):
    text = RECIPE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def training(store):
    return simkit.Recipe.parse(store.recipe).source.beside(Path(store.path).parent)


def test_a_row_is_a_network(store):
    source = training(store)
    batch = {name: store[name][:] for name in store}
    check(source.schema(), batch, 3)
    assert batch["metric_step"].tolist() == [[10, 20, 24]] * 3
    assert batch["step"].tolist() == [[10, -1, 24]] * 3  # at the first measurement, never, and at the end
    assert np.isnan(batch["weights"][:, 1]).all()
    assert np.isfinite(batch["weights"][:, [0, 2]]).all()
    assert (batch["weights"][:, 0] != batch["weights"][:, 2]).any()
    assert (batch["nan_step"] == -1).all()
    assert np.isfinite(batch["train_loss"]).all()
    assert len(set(batch["model_seed"].tolist())) == 3
    assert len({row.tobytes() for row in batch["train_loss"]}) == 3
    assert not (Path(store.path).parent / "models.zarr.checkpoints").exists()


def test_what_is_measured_is_what_the_weights_do(store):
    data = simkit.open(Path(store.path).parent / "ca-ash-2rules.zarr")
    architecture = models.architecture("res-cnn-cac", W=16, C=4)
    for row in range(3):
        net = models.load(store, row)
        for split, n, loss, error in (
            ("validation", 30, *store["metrics"][row][-1][:2]),
            ("test", 40, store["test_loss"][row], store["test_error"][row]),
        ):
            boards, classes = (torch.cat(parts) for parts in zip(*Rows(data, split, n), strict=True))
            assert len(classes) == n
            with torch.no_grad():
                outputs = net(models.planes(boards, 16))
            assert loss == pytest.approx(float(architecture.loss(outputs, classes)), abs=2e-5)
            assert error == pytest.approx(float((architecture.predicted(outputs) != classes).double().mean()))
    first = models.load(store, 0, stage=0)
    assert np.array_equal(models.flatten(first), store["weights"][0][0])


def test_the_first_step_is_that_of_torch(store):
    """Of the first network: its seed, its first batch, and the loss before anything was learnt."""
    from simkit.learn import batches

    data = simkit.open(Path(store.path).parent / "ca-ash-2rules.zarr")
    architecture, seed = models.architecture("res-cnn-cac", W=16, C=4), int(store["model_seed"][0])
    net = architecture.build(seed)
    stream = batches(data, split="train", seed=seed, shuffle=True, drop_last=True, batch_size=16, fields=("ash", "rule"),
                     augment=("translate", "rotate", "reflect"))  # fmt: skip
    batch = next(iter(stream))
    with torch.no_grad():
        loss = architecture.loss(net.train()(batch["ash"]), batch["rule"])
    assert store["train_loss"][0][0] == pytest.approx(float(loss), abs=2e-5)


def test_rows_are_the_same_alone_and_beside_others(store, folder):
    source = training(store)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        alone = source.generate(5, range(1, 2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    for name, values in alone.items():
        assert np.array_equal(values[0], store[name][1], equal_nan=True), name
    one = simkit.train(folder / "small.toml", folder / "one.zarr", n_threads=1, data=folder / "ca-ash-2rules.zarr")
    assert one.root_digest() == store.root_digest()


def test_more_networks_leave_the_others_as_they_are(folder, store):
    two = simkit.train(folder / "small.toml", folder / "grown.zarr", models=1, n_threads=1)
    assert two.n_rows == 1
    grown = simkit.train(folder / "small.toml", folder / "grown.zarr", n_threads=1)
    assert grown.root_digest() == store.root_digest()
    with pytest.raises(StoreError):
        simkit.train(folder / "small.toml", folder / "grown.zarr", models=2)


def test_workers_share_a_population(folder, store):
    from simkit.run import Share

    for index in range(2):
        shared = simkit.train(folder / "small.toml", folder / "shared.zarr", n_threads=1, share=Share(2, index))
        assert shared.n_rows_done == (2, 3)[index]
    assert shared.root_digest() == store.root_digest()


#: trains one network with one step of a sleep each, so that it can be killed in the middle
KILLED = """
import sys, time
import simkit
from simkit.learn.training import loop

advance = loop.Run._advance
def slow(run):
    advance(run)
    print(run.step, flush=True)
    time.sleep(0.05)
loop.Run._advance = slow
simkit.train(sys.argv[1], sys.argv[2], models=1, n_threads=1)
"""


@pytest.mark.parametrize("at", [15, pytest.param(22, marks=pytest.mark.slow)])
def test_killed_it_goes_on_to_the_same_bits(folder, store, at):
    del store  # which made the data
    out = folder / f"killed-{at}.zarr"
    line = [sys.executable, "-c", KILLED, str(folder / "small.toml"), str(out)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        for said in process.stdout:
            if int(said) == at:
                process.kill()
    kept = folder / f"{out.name}.checkpoints" / "network-0.pt"
    assert kept.is_file()
    seen = []
    again = simkit.train(folder / "small.toml", out, models=1, n_threads=1, progress=seen.append)
    assert seen[-1].n_rows_before == at // 10 * 10
    assert seen[-1].n_rows_now == 24 - at // 10 * 10
    assert not kept.parent.exists()
    whole = simkit.train(folder / "small.toml", folder / "whole.zarr", models=1, n_threads=1)
    assert again.root_digest() == whole.root_digest()


def test_progress_counts_steps(folder, store):
    seen = []
    simkit.train(folder / "small.toml", folder / "seen.zarr", models=2, n_threads=2, progress=seen.append)
    assert [(p.n_rows, p.unit) for p in seen] == [(48, "step")] * len(seen)
    assert seen[-1].n_rows_now == 48
    assert seen[-1].doing == "training, 2 of 2 networks done"
    simkit.train(folder / "small.toml", folder / "seen.zarr", models=2, progress=seen.append)
    assert seen[-1].n_rows_before == seen[-1].n_rows or seen[-1].n_rows_now == 48


def test_networks_may_have_the_same_order_of_the_data(folder):
    path = recipe(folder, "same", ("steps = 24", "steps = 1"), ("every = 10", 'every = 1\norder = "same"'))
    store = simkit.train(path, folder / "same.zarr", n_threads=1)
    seeds = store["model_seed"][:].tolist()
    from simkit.learn import batches

    data, architecture = simkit.open(folder / "ca-ash-2rules.zarr"), models.architecture("res-cnn-cac", W=16, C=4)
    stream = batches(data, split="train", seed=seeds[0], shuffle=True, drop_last=True, batch_size=16,
                     fields=("ash", "rule"), augment=("translate", "rotate", "reflect"))  # fmt: skip
    batch = next(iter(stream))
    for row, seed in enumerate(seeds):
        with torch.no_grad():
            loss = architecture.loss(architecture.build(seed).train()(batch["ash"]), batch["rule"])
        assert store["train_loss"][row][0] == pytest.approx(float(loss), abs=2e-5)


def test_a_loss_that_is_not_finite_ends_the_training_of_that_network(folder, store):
    path = recipe(folder, "wild", ("lr = 4e-3", 'lr = 1e5\nname = "sgd"'), ('"one-cycle"', '"constant"'))
    wild = simkit.train(path, folder / "wild.zarr", models=2, n_threads=2)
    at = wild["nan_step"][:]
    assert ((at > 0) & (at < 24)).all()
    for row, step in enumerate(at):
        losses = wild["train_loss"][row]
        assert np.isfinite(losses[:step]).all()
        assert not np.isfinite(losses[step:]).any()
        assert wild["step"][row][-1] == step
    assert simkit.open(folder / "wild.zarr").n_rows_done == 2


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_optimisers_are_those_of_torch(name, schedule):
    from simkit.learn.training import Optimiser

    one, other = (torch.nn.Linear(3, 1) for _ in range(2))
    other.load_state_dict(one.state_dict())
    optimiser, schedules = Optimiser(name, 0.02, weight_decay=0.1, schedule=schedule).build(one.parameters(), 12)
    theirs = {
        "adam": lambda p: torch.optim.Adam(p, 0.02, weight_decay=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.1),
        "sgd": lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, weight_decay=0.1),
    }[name](other.parameters())
    rates = {
        "constant": lambda o: None,
        "one-cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.02, total_steps=13),
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 12),
    }[schedule](theirs)
    for step in range(12):
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(step))
        for net, each in ((one, optimiser), (other, theirs)):
            each.zero_grad()
            net(x).square().sum().backward()
            each.step()
        schedules.step()
        if rates is not None:
            rates.step()
    assert torch.allclose(one.weight, other.weight, rtol=0, atol=1e-7)
    assert not torch.equal(one.weight.detach(), torch.zeros(1, 3))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            [("augment = ", 'inputs = "boards"\naugment = ')],
            RecipeError,
            "has no field 'boards', which the recipe learns from",
        ),
        ([("augment = ", 'classes = "colour"\naugment = ')], RecipeError, "no field 'colour'"),
        ([("n = 400", f'n = 400\ndigest = "{"0" * 64}"')], DamageError, "the recipe says 0000"),
        ([("[architecture]", "[architecture]\nwidth = 3")], UnknownNameError, "no parameter 'width'"),
        ([('name = "res-cnn-cac"', 'name = "res-cnn"')], UnknownNameError, "did you mean 'res-cnn-cac'"),
        (
            [("W = 16", "W = 32")],
            RecipeError,
            "W = 32 learns from bit-packed boards of 32x32 cells; this field has the axes",
        ),
        (
            [("augment = ", 'inputs = "settle"\naugment = ')],
            RecipeError,
            "learns from bit-packed boards of 16x16 cells",
        ),
        ([("augment = ", 'classes = "period"\naugment = ')], RecipeError, "take a field whose classes have names"),
        ([("C = 4", "C = 0")], ParameterError, "C is a"),
        ([("[optimiser]", "[optimizer]")], UnknownNameError, "did you mean 'optimiser'"),
        ([("lr = 4e-3", "lr = -1")], ParameterError, "lr is above 0"),
        ([('"one-cycle"', '"two-cycle"')], ParameterError, "the schedule is one of constant, one-cycle, cosine"),
        ([("steps = 24", "steps = 0")], ParameterError, "steps is"),
        ([("stages = [1.0, 0.0]", "stages = [0.1, 0.5]")], ParameterError, "in falling order"),
        ([("batch_size = 16", "batch_size = 401")], ParameterError, "more than the data set's 400"),
        ([('recipe = "ca-ash-2rules"', 'recipe = "ca-ash-3rules"')], UnknownNameError, "no source or recipe"),
        ([("recipe =", 'store = "x.zarr"\nrecipe =')], RecipeError, "a recipe or a store, one of the two"),
        ([("[data]", "[date]")], UnknownNameError, "did you mean 'data'"),
        ([("models = 3", "models = 0")], ParameterError, "the number of models"),
        ([("models = 3", "models = ")], RecipeError, "is not TOML"),
        ([('augment = ["translate"', 'augment = ["shift"')], UnknownNameError, "no symmetry 'shift'"),
        (
            [('["translate", "rotate", "reflect"]', "true")],
            ParameterError,
            "'augment' takes a list of texts; this is True",
        ),
        ([('["translate", "rotate", "reflect"]', '"rotate"')], ParameterError, "'augment' takes a list of texts"),
        ([('recipe = "ca-ash-2rules"', "recipe = 3")], ParameterError, "'recipe' takes a text; this is 3"),
        ([("augment = ", 'classes = "settle"\naugment = ')], RecipeError, "take a field whose classes have names"),
        ([("augment = ", 'classes = "ash"\naugment = ')], RecipeError, "take a field whose classes have names"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_in_one_line(tmp_path, changes, error, words):
    path = recipe(tmp_path, "wrong", *changes)
    with pytest.raises(error, match=words) as raised:
        simkit.train(path, tmp_path / "out.zarr", n_threads=1)
    assert isinstance(raised.value, SimkitError)
    assert "\n" not in str(raised.value)


def test_another_number_of_classes_is_refused(tmp_path):
    path = recipe(tmp_path, "four", ('recipe = "ca-ash-2rules"', 'recipe = "ca-ash-4rules"'))
    with pytest.raises(RecipeError, match="tells 2 classes, and this field names 4: say n_classes = 4"):
        simkit.train(path, tmp_path / "out.zarr", n_threads=1)


def test_a_store_of_other_data_is_refused(folder, store, tmp_path):
    other = simkit.generate("ca-ash-2rules", tmp_path / "other.zarr", n=300, size=(16, 16), max_steps=300)
    path = recipe(tmp_path, "stored", ('recipe = "ca-ash-2rules"\nn = 400\nparameters = {size = [16, 16], max_steps = 300}',
                                       'store = "other.zarr"'))  # fmt: skip
    mine = simkit.train(path, tmp_path / "mine.zarr", models=1, n_threads=1)
    assert mine.recipe["parameters"]["data"]["digest"] == other.root_digest()
    with pytest.raises(StoreError):  # another recipe, by its data
        simkit.train(folder / "small.toml", tmp_path / "mine.zarr", models=1, n_threads=1)
    with pytest.raises(RecipeError, match="another data set than the networks learn from"):
        training(store).at(tmp_path / "other.zarr").opened()
    (tmp_path / "empty" / "foreign.zarr").mkdir(parents=True)
    with pytest.raises(StoreError, match="the data set that the networks learnt from is not in"):
        simkit.Recipe.parse(store.recipe).source.beside(tmp_path / "empty")
    with pytest.raises(ParameterError, match="told where its data set is"):
        simkit.Recipe.parse(store.recipe).source.generate(5, 1)


def test_checkpoints_that_are_cut_off_or_of_others_are_refused(folder, store, tmp_path):
    source = training(store)
    of = {**source.parameters(), "seed": 5, "version": 1}
    kept = Checkpoints(tmp_path / "kept", of)
    kept.save(0, {"step": 3})
    assert kept.load(0) == {"step": 3}
    assert kept.load(1) is None
    path = tmp_path / "kept" / "network-0.pt"
    other = {**of, "architecture": {**of["architecture"], "C": 8}}
    with pytest.raises(
        StoreError, match="of another training: its architecture differs; remove it, and network 0 begins anew"
    ):
        Checkpoints(tmp_path / "kept", other).load(0)
    content = path.read_bytes()
    for cut in (content[:-1], content[:40], content[:3], b"", content[:-1] + b"?"):
        path.write_bytes(cut)
        with pytest.raises(DamageError, match="damaged or cut off"):
            kept.load(0)
    kept.remove(0)
    assert not (tmp_path / "kept").exists()


def test_weights_of_other_networks_are_refused(store, folder):
    with pytest.raises(StoreError, match="holds 'ca-ash' and no trained networks"):
        models.load(folder / "ca-ash-2rules.zarr", 0)
    with pytest.raises(ParameterError, match="row 3 of"):
        models.load(store, 3)
    with pytest.raises(StoreError, match="asked for stage 3 of row 0 of .*, which has 3"):
        models.load(store, 0, stage=3)
    with pytest.raises(ParameterError, match="has 8,625 weights; these are 3, so they are of another architecture"):
        models.unflatten(models.architecture("res-cnn-cac"), np.zeros(3))


def test_a_population_may_be_made_in_python(folder, store):
    population = read(folder / "small.toml")
    assert isinstance(population, Population)
    assert population.course == Course(24, 16, "each", 10, 30, (1.0, 0.0))
    with pytest.raises(ParameterError, match="a recipe's file or a Population; this is 3"):
        simkit.train(3)
