"""Ctrl-C that is never lost.

Python prints an exception that is raised within a callback from C and goes on. llvmlite calls back while code is
compiled, which on a first run is most of the time: a KeyboardInterrupt raised there would be printed and forgotten.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: seconds after which a signal that came within a callback is sent again; a callback takes milliseconds
_AGAIN = 0.05

#: the module whose functions llvmlite's C code calls
_CALLED_BACK = "llvmlite.binding.executionengine"


def is_called_back(frame: FrameType | None) -> bool:
    """Say whether a frame, or one that called it, was called by C code that cannot pass an exception on."""
    while frame is not None:
        if frame.f_globals.get("__name__") == _CALLED_BACK and frame.f_code.co_name.startswith("_raw_object_cache"):
            return True
        frame = frame.f_back
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not is_called_back(frame):
        raise KeyboardInterrupt
    again = threading.Timer(_AGAIN, signal.pthread_kill, [threading.main_thread().ident, number])
    again.daemon = True
    again.start()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt where that is passed on; nothing happens where SIGINT has another handler."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # such as ignored, by nohup
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
