"""Spectra of weights: each convolution as a matrix, and what its singular values say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from simkit.analysis.measure import Measure
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Field, Schema

#: what is said of a matrix beside its singular values
NUMBERS = ("condition number", "stable rank", "Frobenius norm", "spectral norm")


def matrices(model: ResCNN_CAC) -> dict[str, torch.Tensor]:
    """Return name -> matrix (out, in) of each convolution and linear map; kernels are reshaped to (out, in * 9)."""
    return {
        name: module.weight.detach().flatten(1)
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear))
    }


def schema(model: ResCNN_CAC) -> Schema:
    """Return the schema of what `spectra` gives."""
    found = matrices(model)
    longest = max(min(matrix.shape) for matrix in found.values())
    names = "; ".join(found)
    return Schema(
        singular_values=Field(
            "float32", f"falling; nan behind the last; matrices: {names}", ("matrix", "rank"), (len(found), longest)
        ),
        spectrum=Field(
            "float32",
            "largest over smallest singular value, squared Frobenius over squared spectral norm, and both norms",
            ("matrix", "number"),
            (len(found), len(NUMBERS)),
            columns=NUMBERS,
        ),
    )


def spectra(model: ResCNN_CAC) -> dict[str, npt.NDArray[np.float32]]:
    """Return the singular values of all weights, and condition number, stable rank and norms of each.

    Returns
    -------
    dict
        ``singular_values`` float32 (matrix, rank), falling, nan behind the last; ``spectrum`` float32 (matrix, 4), see
        `NUMBERS`. Matrices are in the order of `matrices`. The condition number is inf where the smallest singular
        value is zero; of a matrix of zeros it is nan, and so is the stable rank.

    Raises
    ------
    ParameterError
        If a matrix is not finite.
    """
    shape = schema(model)
    values = np.full(shape["singular_values"].shape, np.nan, np.float32)
    numbers = np.empty(shape["spectrum"].shape, np.float32)
    for i, (name, matrix) in enumerate(matrices(model).items()):
        if not bool(torch.isfinite(matrix).all()):
            raise ParameterError(f"weights of {name} are not finite; its training went wrong (see nan_step)")
        found = torch.linalg.svdvals(matrix.double()).numpy()
        values[i, : len(found)] = found
        frobenius = float(np.sqrt((found**2).sum()))
        with np.errstate(divide="ignore", invalid="ignore"):
            numbers[i] = found[0] / found[-1], (frobenius / found[0]) ** 2, frobenius, found[0]
    return {"singular_values": values, "spectrum": numbers}


MEASURE = Measure(schema, lambda model, sample, seed: spectra(model))
