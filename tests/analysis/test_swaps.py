"""Swaps, ablations and spectra of small networks, against what they are by definition."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from simkit import generate, models
from simkit.analysis import ablation, spectra, swap
from simkit.analysis.boards import Rows
from simkit.errors import ParameterError
from simkit.learn.models.expanded import Form, forward
from simkit.schema import check


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    out = tmp_path_factory.mktemp("boards") / "ash.zarr"
    return generate("ca-ash", out, n=500, size=(16, 16), max_steps=300, rules=("B3/S23", "B36/S23", "B38/S23"))


@pytest.fixture(scope="module")
def nets():
    return {n: models.architecture("res-cnn-cac", W=16, C=4, n_classes=n).build(n).eval() for n in (2, 3)}


def checked(schema, found):
    check(schema, {name: values[None] for name, values in found.items()}, 1)
    return found


def test_rows_are_those_of_the_split_in_their_order(store):
    rows = Rows(store, "test", 30)
    first, second = [list(rows) for _ in range(2)]
    assert [len(classes) for _, classes in first] == [30]
    for (boards, classes), (again, same) in zip(first, second, strict=True):
        assert torch.equal(boards, again)
        assert torch.equal(classes, same)
    assert np.array_equal(rows.field("rule"), first[0][1].numpy())
    from simkit.split import Split

    places = np.flatnonzero(Split("test").mask(0, 500))[:30]
    assert np.array_equal(first[0][0].numpy(), store["ash"][places])
    assert sum(len(classes) for _, classes in Rows(store, "train", 10**6)) == 400
    assert [len(classes) for _, classes in Rows(store, "train", 300)] == [128, 128, 44]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_swaps_are_losses_and_errors_of_the_forms(store, nets, n_classes):
    net, rows = nets[n_classes], Rows(store, "test", 50)
    boards, classes = (torch.cat(parts) for parts in zip(*rows, strict=True))
    classes = classes % n_classes
    pairs = [(boards[:20], classes[:20]), (boards[20:], classes[20:])]
    found = checked(swap.schema(net), swap.swaps(net, pairs))["swap"]
    architecture = models.architecture("res-cnn-cac", W=16, C=4, n_classes=n_classes)
    names = list(swap.forms(3))
    assert names[0] == "as trained"
    with torch.no_grad():
        for i, form in enumerate(swap.forms(3).values()):
            logits = forward(net, boards, form)
            assert found[i, 0] == pytest.approx(float(architecture.loss(logits, classes)), abs=1e-5)
            assert found[i, 1] == pytest.approx(float((architecture.predicted(logits) != classes).double().mean()))
    assert len({tuple(row) for row in found[:, :1].round(7).tolist()}) == len(names)


def test_ablations_leave_a_layer_out(store, nets):
    net, rows = nets[2], [(b, c % 2) for b, c in Rows(store, "test", 50)]
    found = checked(ablation.schema(net), ablation.ablations(net, rows))["ablation"]
    boards, classes = rows[0]
    with torch.no_grad():
        for layer in range(3):
            logits = forward(net, boards, Form(pool="subgrid", without=(layer,)))
            assert found[layer, 1] == pytest.approx(float(((logits > 0).long() != classes).double().mean()))
    assert len(set(found[:, 0].tolist())) == 3


def test_spectra_are_those_of_the_matrices(nets):
    net = nets[2]
    with torch.no_grad():
        net.layers[1].seq[3].weight.copy_(torch.diag(torch.tensor([4.0, 2, 1, 0.5]))[:, :, None, None])
    found = checked(spectra.schema(net), spectra.spectra(net))
    names = list(spectra.matrices(net))
    assert names == ["embed.0", *(f"layers.{i}.seq.{j}" for i in range(3) for j in (1, 3)), "extract.0", "extract.4"]
    at = names.index("layers.1.seq.3")
    assert found["singular_values"][at].tolist() == [4, 2, 1, 0.5]
    assert found["spectrum"][at].tolist() == pytest.approx([8, 21.25 / 16, 21.25**0.5, 4])
    assert np.isnan(found["singular_values"][-1, 1:]).all()
    for i, matrix in enumerate(spectra.matrices(net).values()):
        assert found["spectrum"][i, 2] == pytest.approx(float(matrix.norm()), rel=1e-6)


def test_a_matrix_of_zeros_has_norms_and_no_ranks(nets):
    net = copy.deepcopy(nets[2])
    with torch.no_grad():
        net.layers[0].seq[1].weight.zero_()
        net.layers[0].seq[3].weight.copy_(torch.diag(torch.tensor([2.0, 1, 0, 0]))[:, :, None, None])
    found, names = spectra.spectra(net)["spectrum"], list(spectra.matrices(net))
    assert np.array_equal(found[names.index("layers.0.seq.1")], [np.nan, np.nan, 0, 0], equal_nan=True)
    assert found[names.index("layers.0.seq.3"), :2].tolist() == [np.inf, 1.25]


def test_weights_that_are_not_finite_have_no_spectrum(nets):
    net = copy.deepcopy(nets[2])
    with torch.no_grad():
        net.layers[1].seq[1].weight[0, 0, 0, 0] = torch.nan
    with pytest.raises(ParameterError, match=r"weights of layers\.1\.seq\.1 are not finite"):
        spectra.spectra(net)


def test_no_boards_and_classes_of_others_are_refused(store, nets):
    with pytest.raises(ParameterError, match="no boards"):
        swap.swaps(nets[2], [])
    boards = next(iter(Rows(store, "test", 3)))[0]
    for n_classes, classes in ((2, [0, 1, 2]), (3, [0, 3, 1]), (2, [-1, 0, 1])):
        with pytest.raises(ParameterError, match=f"tells classes 0 to {n_classes - 1}; these boards have classes"):
            ablation.ablations(nets[n_classes], [(boards, torch.tensor(classes))])
