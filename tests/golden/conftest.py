"""Shared by the golden tests, which are also a script and so import nothing of the tests themselves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest
from where import COMPILED, on


@pytest.fixture(params=COMPILED)
def run_on(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[str]]:
    """Give the backend of each place in turn, for the kernels given."""
    return partial(on, request.param)
