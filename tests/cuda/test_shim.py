"""The stand-in for a GPU finds what it is there to find: kernels that are wrong in one way each."""

from __future__ import annotations

import importlib

import host_cupy
import numpy as np
import pytest
from host_cupy import FORWARD, RANDOM, REVERSE, RawModule, full

from simkit import backends
from simkit.errors import BackendError
from simkit.kernels import life, philox

SCHEDULES = (FORWARD, REVERSE, RANDOM)


def run(
    body: str, n_threads: int = 64, parameters: str = "int* out", given: tuple = (), before: str = ""
) -> np.ndarray:
    """Run a kernel of which `body` is the text on 128 ints of zero; returns them."""
    out = full((128,), 0, np.int32)
    code = f'{before}\nextern "C" __global__ void kernel({parameters}) {{ const int i = threadIdx.x; {body} }}'
    RawModule(code=code, options=("-std=c++17",)).get_function("kernel")((1,), (n_threads,), (out, *given))
    return np.asarray(out)[:n_threads]


def test_what_one_process_built_the_others_of_a_run_load(monkeypatch):
    asked = []
    real = host_cupy.subprocess.run
    monkeypatch.setattr(
        host_cupy.subprocess, "run", lambda *given, **named: (asked.append(1), real(*given, **named))[1]
    )
    for _ in range(2):
        host_cupy._build.cache_clear()  # as in a process that has built nothing
        assert run("out[i] = 7 * i + 41;").tolist() == [7 * i + 41 for i in range(64)]
    assert len(asked) == 1


def test_threads_know_who_they_are():
    assert run("out[i] = i + 100 * blockDim.x + gridDim.x;").tolist() == [i + 6401 for i in range(64)]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("out[i] = __shfl_sync(0xFFFFFFFFu, i, (i + 1) % 32);", lambda i: i // 32 * 32 + (i + 1) % 32),
        ("out[i] = __shfl_up_sync(0xFFFFFFFFu, i, 3);", lambda i: i - 3 if i % 32 >= 3 else i),
        ("out[i] = __shfl_down_sync(0xFFFFFFFFu, i, 3);", lambda i: i + 3 if i % 32 < 29 else i),
        ("out[i] = __shfl_xor_sync(0xFFFFFFFFu, i, 5);", lambda i: i ^ 5),
        ("out[i] = __ballot_sync(0xFFFFFFFFu, i % 32 == 4 || i == 40) != 16;", lambda i: int(i >= 32)),
        ("out[i] = __all_sync(0xFFFFFFFFu, i < 40);", lambda i: int(i < 32)),
        ("out[i] = __any_sync(0xFFFFFFFFu, i == 40);", lambda i: int(i >= 32)),
        ("if (i % 32 < 8) out[i] = __shfl_sync(0xFFu, i, 7);", lambda i: i // 32 * 32 + 7 if i % 32 < 8 else 0),
        ("out[i] = __syncthreads_or(i == 63);", lambda i: 1),
        ("__shared__ int s[64]; s[i] = i; __syncthreads(); out[i] = s[63 - i];", lambda i: 63 - i),
        ("atomicAdd(out, 1); __syncthreads(); const int n = out[0]; __syncthreads(); out[i] = n;", lambda i: 64),
        ("out[i] = int(__shfl_sync(0xFFFFFFFFu, (1ull << 40) + i, 9) >> 38);", lambda i: 4),
    ],
)
def test_what_threads_do_together(monkeypatch, schedule, body, wanted):
    monkeypatch.setattr(RawModule, "schedule", schedule)
    assert run(body).tolist() == [wanted(i) for i in range(64)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("if (i < 40) __syncthreads();", "for ever, 24 threads have left"),
        ("if (i < 40)\n __syncthreads(); else\n __syncthreads();", "waits at another one"),
        ("if (i % 32 != 5) out[i] = __shfl_sync(0xFFFFFFFFu, i, 0);", "for ever, 2 threads have left"),
        ("if (i % 32 < 5)\n out[i] = __all_sync(~0u, 1); else\n out[i] = __any_sync(~0u, 1);", "at another operation"),
        ("if (i % 32 < 8) out[i] = __shfl_sync(0xFFu, i, 9);", "a shuffle from a lane that is not in the mask"),
        ("out[i] = __shfl_sync(0xFFu, i, 0);", "a lane that is not in its mask"),
        ("if (i == 0) out[128] = 1;", "wrote beside an array"),
        ("if (i == 0) out[-1] = 1;", "wrote beside an array"),
    ],
)
def test_an_error_is_found(body, said):
    with pytest.raises(RuntimeError, match=said):
        run(body)


def test_a_missing_barrier_shows_between_schedules(monkeypatch):
    body = "__shared__ int s[64]; s[i] = i; BARRIER out[i] = s[63 - i];"
    found = []
    for schedule in SCHEDULES:
        monkeypatch.setattr(RawModule, "schedule", schedule)
        assert run(body.replace("BARRIER", "__syncthreads();")).tolist() == list(range(63, -1, -1))
        found.append(run(body.replace("BARRIER", "")).tolist())
    assert found[0] != found[1]


def test_shared_and_device_memory_begin_as_garbage():
    assert (run("__shared__ int s[64]; out[i] = s[i];") == np.int32(-0x5A5A5A5B)).all()
    assert (np.asarray(host_cupy.empty((3,), np.uint8)) == 0xA5).all()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (1, "has no width"),
        (np.int64(1), "8 bytes given, 4 declared"),
        (np.zeros(4, np.int32), "has no width"),
        (full((4, 4), 0, np.int32)[:, :2], "not contiguous"),
    ],
)
def test_arguments_that_a_device_would_misread_are_refused(argument, said):
    with pytest.raises(TypeError, match=said):
        run("out[i] = n;", parameters="int* out, int n", given=(argument,))
    with pytest.raises(TypeError, match="takes 2 arguments; these are 1"):
        run("out[i] = n;", parameters="int* out, int n")


def test_it_is_there_only_while_installed():
    before = backends.probe("cuda")
    with host_cupy.installed():
        assert backends.probe("cuda") is None
        assert philox.KERNEL.load("cuda") is importlib.import_module("simkit.kernels.philox.cuda")
    assert backends.probe("cuda") == before
    if before:
        with pytest.raises(BackendError, match="cannot run here"):
            life.KERNEL.load("cuda")
