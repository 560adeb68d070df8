"""Every backend of the kernel `neighbourhoods` against its reference, with sizes drawn at random; and what it refuses."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load

from simkit import SimkitError
from simkit.kernels import neighbourhoods
from simkit.kernels.neighbourhoods import PADDINGS, cases


@pytest.fixture(scope="module", params=["reference", *COMPILED])
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(neighbourhoods.KERNEL, request.param)


@given(
    n=st.integers(0, 3),
    size=st.tuples(st.integers(0, 40), st.integers(0, 70)),
    padding=st.sampled_from(sorted(PADDINGS)),
    density=st.sampled_from([0.03, 0.5, 0.97]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_codes(kernel, n, size, padding, density, seed):
    height, width = (PADDINGS[padding] + side for side in size)
    agree(neighbourhoods.KERNEL, kernel, lambda: cases.codes(n, height, width, padding, density, seed))


BOARDS = np.zeros((2, 4, 2), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((BOARDS, 16, "reflect"), "there is no padding 'reflect'"),
        ((BOARDS, 17, "zeros"), "the width of boards of 2 bytes a row is a whole number from 9 to 16; this is 17"),
        ((BOARDS, 8, "circular"), "the width of boards of 2 bytes a row is a whole number from 9 to 16; this is 8"),
        (
            (BOARDS[:, :, :1], 2, "zeros"),
            "the width of boards of 1 bytes a row is a whole number from 3 to 8; this is 2",
        ),
        ((BOARDS[:, :2], 16, "zeros"), "the height of boards with padding 'zeros' is a whole number from 3 to"),
        ((BOARDS[:, :0], 16, "circular"), "the height of boards with padding 'circular' is a whole number from 1 to"),
        ((BOARDS[0], 16, "zeros"), r"these are uint8 of the shape \(4, 2\)"),
        ((BOARDS.astype(bool), 16, "zeros"), "these are bool of the shape"),
    ],
)
def test_what_is_no_board_is_refused(kernel, arguments, said):
    with pytest.raises(SimkitError, match=said):
        kernel.codes(*arguments)
