"""Arguments of the exact results of the Ising model, and of sampling: each has an answer or one clear error."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from test_ising import brute_force

from simkit.errors import ParameterError
from simkit.lattices import ising
from simkit.lattices.swendsen_wang import sample_cylinder

ARGUMENTS = {
    "beta": 0.9,
    "n": 4,
    "n_rows": 3,
    "height": 4,
    "width": 4,
    "coupling": 0.4,
    "along": np.full(3, 0.4),
    "across": np.full(2, 0.4),
    "x": 1,
    "y": 1,
    "fraction": np.array([0.2]),
    "n_sweeps": 3,
    "seed": 1,
}
STRANGE = (
    *(
        math.nan,
        math.inf,
        -math.inf,
        -1,
        0,
        1,
        2.5,
        10**400,
        1e300,
        -(2**70),
        "x",
        None,
        True,
        1j,
        [1, 2],
        [[1], [1, 2]],
    ),
    *(np.float64("nan"), np.int64(7), np.zeros((2, 2)), np.zeros(0), np.array(0.5), object()),
)
FUNCTIONS = [
    *(
        found
        for name, found in inspect.getmembers(ising, inspect.isfunction)
        if not name.startswith("_") and found.__module__ == ising.__name__
    ),
    sample_cylinder,
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_whatever_is_asked_for_has_an_answer_or_one_clear_error(function):
    """Public functions with one argument of all kinds that people and programs give: no number comes out as nan."""
    names = list(inspect.signature(function).parameters)
    assert set(names) <= set(ARGUMENTS)
    for name in names:
        for strange in STRANGE:
            try:
                found = function(**{key: ARGUMENTS[key] for key in names} | {name: strange})
            except ParameterError as error:
                assert "\n" not in str(error)
            else:
                assert not any(np.isnan(part).any() for part in (found if isinstance(found, tuple) else (found,)))
                assert not isinstance(strange, (str, complex, type(None))), (name, strange)
                is_size = name in ("n", "n_rows", "height", "width", "n_sweeps")
                assert not (is_size and isinstance(strange, float)), (name, strange)


def test_what_used_to_be_a_bare_error():
    with pytest.raises(ParameterError, match="beta is above 0 here; this is 0"):
        ising.correlation_length(0)
    with pytest.raises(ParameterError, match="tori have sides .* asked for 2.5 x 4"):
        ising.torus(0.5, 2.5, 4)
    with pytest.raises(ParameterError, match="finite numbers; found nan"):
        ising.entropy(math.nan)
    for parts in ising.cylinder_profile(0, 4, 3), ising.cylinder_profile(-0.0, 4, 3):
        assert [part.tolist() for part in parts] == [[0.5] * 3, [0.5] * 2]
    along, across = np.array([0.3, -20.0, 0.2]), np.array([0.4, 0.5])
    assert ising.log_partition_function(4, along, across) == pytest.approx(brute_force(4, 3, along, across), rel=1e-12)
