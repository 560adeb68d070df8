"""Ctrl-C while C code calls back."""

import ctypes
import signal
import time

import pytest
from simkit_cli.interrupts import interruptible

#: what llvmlite's C code calls while code is compiled, as far as this test needs it
_CALLED_BACK = """
import signal, time
def _raw_object_cache_notify():
    signal.raise_signal(signal.SIGINT)
    time.sleep(0.01)
"""


@pytest.fixture
def as_at_a_prompt():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _called_back():
    module = {"__name__": "llvmlite.binding.executionengine"}
    exec(_CALLED_BACK, module)
    return ctypes.CFUNCTYPE(None)(module["_raw_object_cache_notify"])


@pytest.mark.usefixtures("as_at_a_prompt")
def test_an_interrupt_within_a_callback_from_c_is_raised_after_it():
    passed = []

    def work():
        _called_back()()
        passed.append(True)
        time.sleep(60)

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()
    assert passed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("as_at_a_prompt")
def test_an_interrupt_elsewhere_is_raised_at_once():
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)


def test_llvmlite_calls_back_what_is_looked_for():
    from llvmlite.binding import executionengine

    names = [name for name in vars(executionengine.ExecutionEngine) if name.startswith("_raw_object_cache")]
    assert len(names) == 2
    assert executionengine.__name__ == "llvmlite.binding.executionengine"


def test_a_handler_that_others_set_stays():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
