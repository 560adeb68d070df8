"""What a network's logit is a function of: a regression on how many objects there are on a board.

The guess that it tests: networks tell rules by how many traffic lights, and honey farms, there are among all objects.
Exploring AI Model Diversity, blog post, 2026-03-05.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs
from simkit.analysis.measure import Measure, Sample
from simkit.analysis.objects import KINDS, Places, find
from simkit.errors import ParameterError, needed_for
from simkit.learn.models import ResCNN_CAC, tables
from simkit.schema import Array, Field, Schema

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: what the logit is a linear function of, beside a constant; see `features`
FEATURES = ("traffic lights", "honey farms", "objects")

#: sets of features whose R2 is measured
SETS = (*((name,) for name in FEATURES), ("traffic lights", "objects"), FEATURES)

#: what is said of each coefficient
OF_COEFFICIENTS = ("coefficient", "standard error")

#: classes of a board: of the network; of the regression of its logit; of a classifier that learns them from the counts
CLASSIFIERS = ("network", "sign of the regression", "logistic regression on the counts")


def features(places: Places) -> F64:
    """Return how many of `FEATURES` each board has, float64 (board, 3); nan of a board without a census."""
    counts = places.counts()
    lights, farms = (counts[:, KINDS.index(name)] for name in ("traffic light", "honey farm"))
    found = np.stack([lights, farms, places.n_objects], axis=1).astype(np.float64)
    found[places.n_objects < 0] = np.nan
    return found


def schema() -> Schema:
    """Return the schema of what `regression` gives."""
    sets = ["; ".join(names) for names in SETS]
    of_set = "R2 of least squares of the logit on these counts of a board"
    return Schema(
        coefficients=Field(
            "float32",
            "of the logit on counts of objects by ordinary least squares",
            ("coefficient", "number"),
            (1 + len(FEATURES), 2),
            columns=OF_COEFFICIENTS,
        ),
        r2=Field("float32", of_set, ("set",), (len(SETS),), columns=tuple(sets)),
        errors=Field(
            "float32", "share of boards with a wrong class, by each way to tell it", ("classifier",),
            (len(CLASSIFIERS),), columns=CLASSIFIERS,
        ),
        agreement=Field("float32", "share of boards on which network and sign of the regression agree", (), ()),
        density_correlation=Field(
            "float32", "Pearson's, of the logit with traffic lights per object, and honey farms per object",
            ("density",), (2,), columns=FEATURES[:2],
        ),
    )  # fmt: skip


def logits(model: ResCNN_CAC, boards: torch.Tensor | Array, batch_size: int = 128) -> F64:
    """Return the logits of bit-packed boards, float64 (sample,), by a network of two classes in evaluation mode."""
    if model.n_classes != 2 or model.training:
        raise ParameterError(
            f"a logit is that of a network of two classes in evaluation mode; this one has {model.n_classes} classes"
            + (" and is in train mode" if model.training else "")
        )
    whole = torch.as_tensor(boards)
    with torch.no_grad():
        parts = [tables.forward(model, part) for part in torch.split(whole, batch_size)]
    return torch.cat(parts).double().cpu().numpy()


def least_squares(x: F64, y: F64) -> tuple[F64, F64, float]:
    """Return coefficients, the constant first, their standard errors, and R2, of y (sample,) on x (sample, feature).

    Standard errors are those of errors of one variance, which is estimated with n - p degrees of freedom. The
    coefficient of a feature that does not vary, or is a combination of others, is the smallest that fits, and its
    standard error is nan, as all are if there are no degrees of freedom. R2 is nan if y does not vary.
    """
    n = len(y)
    design = np.concatenate([np.ones((n, 1)), x], axis=1)
    scale = np.sqrt((design**2).sum(axis=0))
    scale[scale == 0] = 1
    coefficients, _, rank, _ = np.linalg.lstsq(design / scale, y, rcond=None)
    residual = y - design @ (coefficients / scale)
    errors = np.full(design.shape[1], np.nan)
    if rank == design.shape[1] and n > rank:
        inverse = np.linalg.inv((design / scale).T @ (design / scale))
        errors = np.sqrt(np.diag(inverse) * (residual @ residual) / (n - rank)) / scale
    total = ((y - y.mean()) ** 2).sum()
    return coefficients / scale, errors, float(1 - residual @ residual / total) if total > 0 else float("nan")


def regression(model: ResCNN_CAC, batches: Pairs, counts: F64, seed: int = 0) -> dict[str, F32]:
    """Return how well the logit of a network is a function of counts of objects.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode, of two classes.
    batches : iterable of (boards, classes)
    counts : float64 (board, 3)
        Of the same boards, see `features`. Boards of which they are nan are left out.
    seed : int
        Divides the boards into halves: of each, classes are told by the logistic regression of the other.

    Returns
    -------
    dict
        ``coefficients`` float32 (4, 2): of the constant and `FEATURES`, with standard errors; ``r2`` float32 (set,),
        see `SETS`; ``errors`` float32 (3,), see `CLASSIFIERS`; ``agreement`` float32 (), and
        ``density_correlation`` float32 (2,), nan where there is nothing to correlate.

    Raises
    ------
    ParameterError
        If there are not as many counts as boards, too few boards, or only one class of them.
    LibraryError
        If scikit-learn is not installed.
    """
    pairs = [(logits(model, boards), classes.numpy()) for boards, classes in batches]
    logit, classes = (np.concatenate([pair[i] for pair in pairs]) for i in range(2)) if pairs else (np.zeros(0),) * 2
    if len(counts) != len(logit):
        raise ParameterError(f"there are counts of {len(counts):,} boards, and {len(logit):,} boards; take the same")
    if not np.isfinite(logit).all():
        raise ParameterError("a logit of this network is not finite; its training went wrong (see nan_step)")
    known = ~np.isnan(counts).any(axis=1)
    counts, logit, classes = counts[known], logit[known], classes[known]
    coefficients, standard_errors, _ = least_squares(counts, logit)
    columns = [[FEATURES.index(name) for name in names] for names in SETS]
    fitted = coefficients[0] + counts @ coefficients[1:]
    wrong = [(logit > 0) != classes, (fitted > 0) != classes, told(counts, classes, seed) != classes]
    density = counts[:, :2] / np.maximum(counts[:, 2:], 1)
    return {
        "coefficients": np.stack([coefficients, standard_errors], axis=1).astype(np.float32),
        "r2": np.array([least_squares(counts[:, own], logit)[2] for own in columns], np.float32),
        "errors": np.array([each.mean() for each in wrong], np.float32),
        "agreement": np.float32(((logit > 0) == (fitted > 0)).mean()),  # type: ignore[dict-item]
        "density_correlation": np.array([_correlation(density[:, i], logit) for i in range(2)], np.float32),
    }


def told(counts: F64, classes: Array, seed: int) -> Array:
    """Return the classes that logistic regression tells from counts: in each half of the boards by the other half."""
    with needed_for("a regression of logits"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

    order = np.random.Generator(np.random.Philox(seed)).permutation(len(classes))
    halves = order[::2], order[1::2]
    if any(len(np.unique(classes[half])) < 2 for half in halves):
        raise ParameterError(f"a classifier needs boards of both classes in each half; there are {len(classes)} boards")
    found = np.empty_like(classes)
    for fitted, asked in (halves, halves[::-1]):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        found[asked] = model.fit(counts[fitted], classes[fitted]).predict(counts[asked])
    return found


def _correlation(a: F64, b: F64) -> float:
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _measured(model: ResCNN_CAC, sample: Sample, seed: int) -> dict[str, F32]:
    rows = sample.test
    boards = np.concatenate([boards.numpy() for boards, _ in rows])
    places = find(boards, rows.width, rows.labels, rows.field("rule"), rows.field("period"))
    return {f"logit_{name}": values for name, values in regression(model, rows, features(places), seed).items()}


MEASURE = Measure(lambda model: Schema(**{f"logit_{name}": field for name, field in schema().items()}), _measured)
