"""How functions are compiled, so that it does not take longer than it must."""

from __future__ import annotations

from typing import Any

#: options of `numba.njit` for what Python calls, and for what only compiled code calls: without the ways in from Python
#: and from C that Numba would compile for each. Those from Python take long where arguments are tuples of arrays.
CALLED: Any = {"no_cfunc_wrapper": True}
INNER: Any = {**CALLED, "no_cpython_wrapper": True}
