"""How a network's logit changes when a traffic light is put on a board, or taken from it, and where.

Layers see the board in steps of 2, 4 and 8 cells, and traffic lights come at all alignments with them and in two
phases. A network that counts them has the same change at each; one with a detector of some alignments has not. A honey
farm, a blinker and a block, pasted in the same places, are what to compare with. Exploring AI Model Diversity, blog
post, 2026-03-05.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.analysis import objects
from simkit.analysis.boards import Rows
from simkit.analysis.edits import N_ALIGNMENTS, THINGS, Cut, Pasted, cut, paste
from simkit.analysis.logits import logits
from simkit.analysis.measure import Measure, Sample
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Field, Schema

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: what is said of the changes of the logit by a thing; see `pasted`
NUMBERS = ("mean", "standard error", "spread over alignments", "spread of means", "noise of means")

#: what is said of the changes of the logit by a cut
CUT_NUMBERS = ("mean", "standard error", "n")

#: boards on which things are pasted, and traffic lights that are cut, in surveys
N_BOARDS, N_CUTS = 32, 256


def schema() -> Schema:
    """Return the schema of what `interventions` gives."""
    grid = (N_ALIGNMENTS, N_ALIGNMENTS)
    things = "; ".join(THINGS)
    return Schema(
        paste=Field(
            "float32", f"change of the logit by a thing; mean over boards and alignments, and its spreads: {things}",
            ("thing", "number"), (len(THINGS), len(NUMBERS)), columns=NUMBERS,
        ),
        paste_alignment=Field(
            "float32", f"change of the logit by a thing, mean over boards, by its centre modulo 8: {things}",
            ("thing", "y", "x"), (len(THINGS), *grid),
        ),
        paste_alignment_error=Field(
            "float32", "standard error over boards of paste_alignment; nan of one board", ("thing", "y", "x"),
            (len(THINGS), *grid),
        ),
        cut=Field(
            "float32", "change of the logit when a traffic light of phase 0 or 1 is cut out; nan if there is none",
            ("phase", "number"), (2, len(CUT_NUMBERS)), columns=CUT_NUMBERS,
        ),
        cut_alignment=Field(
            "float32", "mean change of the logit by cuts whose centre is (y, x) modulo 8; nan where there is none",
            ("phase", "y", "x"), (2, *grid),
        ),
    )  # fmt: skip


def changes(model: ResCNN_CAC, edits: Pasted) -> F64:
    """Return how the logit changes, float64 (board, thing, 8, 8): by the alignment of y, then of x."""
    before = logits(model, edits.boards)
    found = np.empty((len(before), len(THINGS), N_ALIGNMENTS, N_ALIGNMENTS))
    for board, own in enumerate(before):
        for thing in range(len(THINGS)):
            after = logits(model, edits.edited(board, thing), batch_size=64)
            found[board, thing] = (after - own).reshape(N_ALIGNMENTS, N_ALIGNMENTS)
    return found


def pasted(found: F64) -> dict[str, F32]:
    """Return what is said of changes (board, thing, 8, 8).

    Returns
    -------
    dict
        ``paste`` float32 (thing, 5): the mean; its standard error over boards; the standard deviation over alignments,
        a board's own, in quadratic mean over boards; that of the means over boards, by alignment; and how large the
        last would be if alignments did not matter but boards differed as they do within an alignment.
        ``paste_alignment`` and ``paste_alignment_error`` float32 (thing, 8, 8): means, and their standard errors.
    """
    if not len(found):
        raise ParameterError("there are no boards on which anything was pasted")
    flat = found.reshape(*found.shape[:2], -1)
    own = flat.mean(axis=2)
    means, noise = flat.mean(axis=0), _standard_error(flat)
    # what boards differ by as a whole does not spread the means over alignments
    within = _standard_error(flat - own[:, :, None])
    numbers = [
        own.mean(axis=0), _standard_error(own), np.sqrt(flat.var(axis=2).mean(axis=0)), means.std(axis=1),
        np.sqrt((within**2).mean(axis=1)),
    ]  # fmt: skip
    shape = (found.shape[1], N_ALIGNMENTS, N_ALIGNMENTS)
    return {
        "paste": np.stack(numbers, axis=1).astype(np.float32),
        "paste_alignment": means.reshape(shape).astype(np.float32),
        "paste_alignment_error": noise.reshape(shape).astype(np.float32),
    }


def cuts(model: ResCNN_CAC, edits: Cut) -> dict[str, F32]:
    """Return how the logit changes when traffic lights are cut out.

    Returns
    -------
    dict
        ``cut`` float32 (phase, 3): mean, standard error over cuts, and how many there are; ``cut_alignment`` float32
        (phase, 8, 8): means by alignment, nan where there is none.
    """
    numbers = np.full((2, len(CUT_NUMBERS)), np.nan)
    means = np.full((2, N_ALIGNMENTS, N_ALIGNMENTS), np.nan)
    if len(edits.row):
        change = logits(model, edits.edited) - logits(model, edits.boards)
    for phase in range(2):
        chosen = np.flatnonzero(edits.phase == phase)
        numbers[phase, 2] = len(chosen)
        if not len(chosen):
            continue
        own = change[chosen]
        numbers[phase, :2] = own.mean(), _standard_error(own)
        at = edits.y[chosen] % N_ALIGNMENTS * N_ALIGNMENTS + edits.x[chosen] % N_ALIGNMENTS
        n = np.bincount(at, minlength=N_ALIGNMENTS**2)
        sums = np.bincount(at, own, N_ALIGNMENTS**2)
        means[phase] = np.where(n, sums / np.maximum(n, 1), np.nan).reshape(means.shape[1:])
    return {"cut": numbers.astype(np.float32), "cut_alignment": means.astype(np.float32)}


def interventions(model: ResCNN_CAC, pastes: Pasted, without: Cut, seed: int = 0) -> dict[str, F32]:
    """Return how the logit of a network changes by things that are pasted, and by traffic lights that are cut.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode, of two classes.
    pastes : Pasted
        See `simkit.analysis.edits.paste`; the same for all networks.
    without : Cut
        Of traffic lights.
    seed : int
        Not used: nothing is drawn.

    Returns
    -------
    dict
        What `pasted` and `cuts` give.
    """
    del seed
    return pasted(changes(model, pastes)) | cuts(model, without)


def edits(rows: Rows, n_boards: int, n_cuts: int, seed: int = 0) -> tuple[Pasted, Cut]:
    """Return boards of a data set of ash with things pasted, and with traffic lights cut out: see `interventions`.

    Parameters
    ----------
    rows : Rows
        Of a data set with fields ``period`` and ``rule``.
    n_boards, n_cuts : int
        At most.
    seed : int
        Of the places where things are pasted.
    """
    boards = np.concatenate([boards.numpy() for boards, _ in rows])
    which, period = rows.field("rule").astype(np.uint8), rows.field("period").astype(np.int32)
    given = boards, rows.width, rows.labels, which, period
    lights = objects.find(*given).of("traffic light")
    return paste(*given, n_boards, seed), cut(*given, lights, n_cuts)


def _standard_error(values: F64) -> F64:
    """Return the standard error of the mean over the first axis; nan of one value."""
    n = len(values)
    if n < 2:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(n))


def _measured(model: ResCNN_CAC, sample: Sample, seed: int) -> dict[str, F32]:
    pastes, without = edits(sample.some, N_BOARDS, N_CUTS)
    return interventions(model, pastes, without, seed)


MEASURE = Measure(lambda model: schema(), _measured)
