"""Features of sparse autoencoders against the objects that are known to be on the boards.

A feature is at a cell of the stream if it is among those kept there. A cell belongs to an object if the square of
the board that it stands for (a side of 2 ** (i + 1) at point ``Li``, centred on the cell) meets the object's bounding
box; every object has at least one. A feature sees an object if it is at one of its cells.

Chance is what the same features would give on the same objects if the boards had nothing to do with each other: the
stream of each board is set against the objects of another one. What is said of alignments and phases has chance levels
of its own, with these dealt anew among the objects of a kind, which has the same bias of small samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis import sae
from simkit.analysis.boards import Pairs, Rows
from simkit.analysis.dictionary import Dictionary
from simkit.analysis.measure import Measure, Sample
from simkit.analysis.objects import KINDS, Places, find
from simkit.analysis.stream import streams
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Array, Field, Schema

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

#: of each feature and kind of object: share of the feature's cells that belong to such objects, share of the objects
#: that it sees, and both by chance
SCORES = ("precision", "recall", "chance precision", "chance recall")

#: states of an object: phase, and places of its centre modulo a number, in y and x together
STATES = ("phase", "mod 2", "mod 4", "mod 8")
_MODULI = (2, 4, 8)

#: of the feature's recall in each state: exponential of its entropy over them, 1 if it sees objects in one alone; the
#: same by chance; and the highest
NUMBERS = ("effective number", "chance", "best recall")

#: of the feature that is strongest at an object's cells and the object's state: mutual information, the same by
#: chance, entropy of the states, in bits; and the effective number of such features
INFORMATION = ("information", "chance", "entropy", "features")

#: times that states are dealt anew for chance levels
_N_DEALS = 4


class Kept(NamedTuple):
    """What an autoencoder keeps of each cell of boards, each array (sample, y, x, k).

    Attributes
    ----------
    values : float32
    features : int32
        The number of features where the value is 0.
    """

    values: F32
    features: npt.NDArray[np.int32]


class _Seen(NamedTuple):
    """What the features at one point do at the objects of one kind."""

    #: bool (object, feature)
    is_seen: npt.NDArray[np.bool_]
    #: int64 (object,): the strongest feature; number of features where there is none
    strongest: I64
    #: int64 (feature,): cells with the feature that belong to such objects
    n_cells: I64


def schema(model: ResCNN_CAC, n_features: int = 64) -> Schema:
    """Return the schema of what `scores` gives."""
    return _schema(model.d, n_features)


def _schema(n_points: int, n_features: int) -> Schema:
    axes, shape = ("point", "feature", "kind"), (n_points, n_features, len(KINDS))
    which = f"points L0, L1, ...; kinds {', '.join(KINDS)}"
    return Schema(
        feature_score=Field(
            "float32",
            "share of a feature's cells that are at objects of a kind, share of the objects that it sees, and both by "
            f"chance; nan without cells or objects; {which}",
            (*axes, "score"), (*shape, len(SCORES)), columns=SCORES,
        ),
        feature_states=Field(
            "float32",
            "effective number of states in which a feature sees objects, the same by chance, and the highest recall in "
            f"one of them; states {', '.join(STATES)}; nan if it sees none",
            (*axes, "state", "number"), (*shape, len(STATES), len(NUMBERS)), columns=NUMBERS,
        ),
        state_information=Field(
            "float32",
            "bits that the strongest feature at an object has of its state, by chance, and of all states; effective "
            "number of these features; nan without objects",
            ("point", "kind", "state", "number"), (n_points, len(KINDS), len(STATES), len(INFORMATION)),
            columns=INFORMATION,
        ),
        detector=Field(
            "int32",
            "the feature with the highest harmonic mean of precision and recall; -1 if none sees any",
            ("point", "kind"), (n_points, len(KINDS)),
        ),
        n_places=Field("int32", "objects of each kind", ("kind",), (len(KINDS),), columns=KINDS),
    )  # fmt: skip


def scores(model: ResCNN_CAC, dictionaries: Sequence[Dictionary], batches: Pairs, places: Places,
           seed: int = 0) -> dict[str, Array]:  # fmt: skip
    """Score each feature at each point against each kind of object.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    dictionaries : sequence of Dictionary
        One for each point, of the same number of features.
    batches : iterable of (boards, classes)
    places : Places
        Objects of these boards, in their order; blinkers of traffic lights are among the blinkers, too.
    seed : int
        Of the chance levels.

    Returns
    -------
    dict
        See `schema`: ``feature_score``, ``feature_states``, ``state_information``, ``detector``, ``n_places``.

    Raises
    ------
    ParameterError
        If there is not a dictionary for each point, or the places are of other boards than these, or of fewer than two.
    """
    if len(dictionaries) != model.d:
        raise ParameterError(f"the network has {model.d} points, and there are {len(dictionaries)} autoencoders")
    parts = [_kept(dictionaries, streams(model, boards)) for boards, _ in batches]
    kept = [Kept(*map(np.concatenate, zip(*point, strict=True))) for point in zip(*parts, strict=True)]
    return scored(kept, len(dictionaries[0].decoder), model.W, places, seed)


def scored(kept: Sequence[Kept], n_features: int, width: int, places: Places, seed: int = 0) -> dict[str, Array]:
    """Score features that are at hand, for boards of `width` cells; see `scores`."""
    n_boards = len(kept[0].features) if kept else 0
    if n_boards < 2 or n_boards != places.shape[0]:
        raise ParameterError(
            f"places are of {places.shape[0]:,} boards, and there are {n_boards:,}; take the same rows, two or more"
        )
    rng = np.random.Generator(np.random.Philox(seed))
    order = rng.permutation(n_boards)
    another = np.empty(n_boards, np.int64)
    another[order] = np.roll(order, 1)
    found = {name: np.zeros(each.shape, each.dtype) for name, each in _schema(len(kept), n_features).items()}
    found["n_places"][:] = np.bincount(places.kind, minlength=len(KINDS))
    for point, (values, features) in enumerate(kept):
        n_all = np.bincount(features.ravel(), minlength=n_features + 1)[:n_features]
        for kind, name in enumerate(KINDS):
            of = places.of(name)
            cells = _cells(of, 2 ** (point + 1), width, features.shape[1])
            own = _seen(of.sample, cells, values, features, n_features)
            chance = _seen(another[of.sample], cells, values, features, n_features)
            with np.errstate(divide="ignore", invalid="ignore"):
                shares = [np.stack([one.n_cells / n_all, one.is_seen.sum(0) / len(of.y)]) for one in (own, chance)]
            found["feature_score"][point, :, kind] = np.concatenate(shares).T
            found["detector"][point, kind] = _best(shares[0])
            for i, state in enumerate(states(of)):
                deals = [rng.permutation(state) for _ in range(_N_DEALS)]
                found["feature_states"][point, :, kind, i] = _effective(own.is_seen, state, deals).T
                found["state_information"][point, kind, i] = _information(own.strongest, state, deals)
    return found


def states(places: Places) -> list[I64]:
    """Return the states of objects, numbered from 0, in the order of `STATES`."""
    aligned = [places.alignment(modulus) for modulus in _MODULI]
    numbers = [y * modulus + x for modulus, (y, x) in zip(_MODULI, aligned, strict=True)]
    return [each.astype(np.int64) for each in (places.phase, *numbers)]


def _kept(dictionaries: Sequence[Dictionary], found: Sequence[torch.Tensor]) -> list[Kept]:
    """Return what is kept at each point."""
    kept = []
    for dictionary, x in zip(dictionaries, found, strict=True):
        values, features = dictionary.encode(x)
        features[values <= 0] = len(dictionary.decoder)
        kept.append(Kept(values.numpy(), features.to(torch.int32).numpy()))
    return kept


def _cells(places: Places, stride: int, width: int, n: int) -> tuple[I64, I64, npt.NDArray[np.bool_]]:
    """Return the cells of each object: y and x (object, cell), and whether it has so many."""
    axes = []
    for start, length in ((places.y, places.height), (places.x, places.width)):
        beyond = (stride * np.arange(n) - (start[:, None] - stride // 2)) % width
        is_in = beyond < length[:, None] - 1 + stride
        most = int(is_in.sum(1).max(initial=1))
        at = np.argsort(~is_in, axis=1, kind="stable")[:, :most]
        axes.append((at, np.take_along_axis(is_in, at, 1)))
    (y, has_y), (x, has_x) = axes
    rows = np.repeat(y, x.shape[1], axis=1), np.tile(x, (1, y.shape[1]))
    return *rows, np.repeat(has_y, x.shape[1], axis=1) & np.tile(has_x, (1, y.shape[1]))


def _seen(
    board: I64, cells: tuple[I64, I64, npt.NDArray[np.bool_]], values: F32, features: npt.NDArray[np.int32], n: int
) -> _Seen:
    """Return what the features do at the cells of objects, if these are on the given boards."""
    y, x, is_cell = cells
    if not len(board):
        return _Seen(np.zeros((0, n), bool), np.zeros(0, np.int64), np.zeros(n, np.int64))
    there = np.where(is_cell[..., None], features[board[:, None], y, x], n).reshape(len(board), -1)
    strength = np.where(there < n, values[board[:, None], y, x].reshape(len(board), -1), -1)
    is_seen = np.zeros((len(board), n + 1), bool)
    is_seen[np.arange(len(board))[:, None], there] = True
    strongest = np.take_along_axis(there, strength.argmax(1)[:, None], 1)[:, 0].astype(np.int64)
    mask = np.zeros(features.shape[:3], bool)
    mask[np.broadcast_to(board[:, None], y.shape)[is_cell], y[is_cell], x[is_cell]] = True
    return _Seen(is_seen[:, :n], strongest, np.bincount(features[mask].ravel(), minlength=n + 1)[:n])


def _best(shares: F64) -> int:
    """Return the feature with the highest harmonic mean of precision and recall."""
    precision, recall = shares
    with np.errstate(invalid="ignore"):
        score = np.nan_to_num(2 * precision * recall / (precision + recall))
    return int(score.argmax()) if score.max() > 0 else -1


def _perplexity(shares: F64) -> F64:
    """Return the exponential of the entropy along the first axis of what need not add up to one; nan of nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = shares / shares.sum(0)
        entropy = -np.where(p > 0, p * np.log(p), np.where(np.isnan(p), np.nan, 0)).sum(0)
    found: F64 = np.exp(entropy)
    return found


def _effective(is_seen: npt.NDArray[np.bool_], state: I64, deals: list[I64]) -> F64:
    """Return `NUMBERS` of each feature: (3, feature)."""
    if not len(state):
        return np.full((len(NUMBERS), is_seen.shape[1]), np.nan)
    counts = np.bincount(state)
    is_state = np.flatnonzero(counts)

    def recall(of: I64) -> F64:
        one_hot = (of == is_state[:, None]).astype(np.float32)
        found: F64 = (one_hot @ is_seen.astype(np.float32)) / counts[is_state, None].astype(np.float64)
        return found

    own = recall(state)
    chance = np.mean([_perplexity(recall(deal)) for deal in deals], axis=0)
    return np.stack([_perplexity(own), chance, own.max(0)])


def _information(strongest: I64, state: I64, deals: list[I64]) -> F64:
    """Return the numbers of `INFORMATION`."""
    if not len(state):
        return np.full(len(INFORMATION), np.nan)
    size = int(strongest.max()) + 1, int(state.max()) + 1

    def bits(counts: npt.NDArray[np.integer]) -> float:
        p = counts[counts > 0] / counts.sum()
        return float(-(p * np.log2(p)).sum())

    def mutual(of: I64) -> float:
        joint = np.bincount(strongest * size[1] + of, minlength=size[0] * size[1])
        return max(0.0, bits(np.bincount(strongest)) + bits(np.bincount(of)) - bits(joint))

    chance = float(np.mean([mutual(deal) for deal in deals]))
    return np.array([mutual(state), chance, bits(np.bincount(state)), 2 ** bits(np.bincount(strongest))])


def _places(rows: Rows) -> Places:
    """Return the objects of rows of a data set of ash."""
    width = rows.schema["ash"].bits or 0
    return find(rows.field("ash"), width, rows.schema["rule"].labels, rows.field("rule"), rows.field("period"))


def _both(model: ResCNN_CAC, sample: Sample, seed: int) -> dict[str, Array]:
    """Train autoencoders, measure the network with them, and score their features."""
    trained = sae.autoencoders(model, sample.train, sample.test, seed)
    return trained | scores(model, sae.dictionaries(trained), sample.some, _places(sample.some), seed)


MEASURE = Measure(lambda model: Schema(**sae.schema(model), **schema(model)), _both)
