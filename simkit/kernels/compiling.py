"""How functions are compiled, so that it does not take longer than it must."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

#: options of `numba.njit` for what Python calls, and for what only compiled code calls: without the ways in from Python
#: and from C that Numba would compile for each. Those from Python take long where arguments are tuples of arrays.
CALLED: Any = {"no_cfunc_wrapper": True}
INNER: Any = {**CALLED, "no_cpython_wrapper": True}


@contextmanager
def told(tell: Callable[[str], None]) -> Iterator[None]:
    """Call `tell` with what Numba begins to compile, e.g. ``B3/S23`` or ``the kernel census``, where it compiles."""

    class Listener(event.Listener):
        def on_start(self, began: Any) -> None:
            stages = [kind.stage for kind in began.data["args"] if hasattr(kind, "stage")]
            module = began.data["dispatcher"].py_func.__module__
            if stages:
                tell(str(stages[0].rule))
            elif module.startswith("simkit.kernels."):
                tell(f"the kernel {module.split('.')[2]}")

        def on_end(self, ended: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield
