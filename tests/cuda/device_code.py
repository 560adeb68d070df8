"""What a kernel becomes on an H100 or H200: compiled by NVRTC, which needs no GPU, and taken apart by nvdisasm."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ARCHITECTURE = "sm_90"


@dataclass(frozen=True)
class Usage:
    """What one kernel takes of a multiprocessor."""

    registers: int
    spills: int  # bytes, stored and loaded


def _package(file: str) -> Path:
    """Return a file of NVIDIA's packages of CUDA 13."""
    spec = importlib.util.find_spec("nvidia")
    places = [Path(place) / "cu13" / file for place in spec.submodule_search_locations or ()] if spec else []
    found = [place for place in places if place.is_file()]
    if not found:
        raise FileNotFoundError(f"{file} is in none of {places}; pip install -e '.[dev]' brings it on Linux")
    return found[0]


@cache
def _nvrtc() -> ctypes.CDLL:
    ctypes.CDLL(str(_package("lib/libnvrtc-builtins.so.13.0")))  # which NVRTC would not find by itself
    return ctypes.CDLL(str(_package("lib/libnvrtc.so.13")))


def _text(program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    getattr(_nvrtc(), f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(_nvrtc(), f"nvrtcGet{what}")(program, buffer)
    return buffer.raw


@cache
def compiled(code: str, options: tuple[str, ...]) -> tuple[bytes, dict[str, Usage]]:
    """Return the machine code of a module and what each kernel takes."""
    program = ctypes.c_void_p()
    _nvrtc().nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"kernel.cu", 0, None, None)
    flags = [f"-arch={ARCHITECTURE}".encode(), *(option.encode() for option in options), b"--ptxas-options=-v"]
    failed = _nvrtc().nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))
    log = _text(program, "ProgramLog").decode()
    if failed:
        raise RuntimeError(f"NVRTC refuses the kernel:\n{log}")
    print(log)
    return _text(program, "CUBIN"), _usage(log)


def _usage(log: str) -> dict[str, Usage]:
    found = {}
    for part in log.split("Compiling entry function '")[1:]:
        registers = int(re.search(r"Used (\d+) registers", part)[1])
        spills = sum(int(n) for n in re.findall(r"(\d+) bytes spill", part))
        found[part[: part.index("'")]] = Usage(registers, spills)
    return found
