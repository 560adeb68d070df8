"""What a kernel becomes on an H100 or H200: compiled by NVRTC, which needs no GPU, and taken apart by nvdisasm."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ARCHITECTURE = "sm_90"


@dataclass(frozen=True)
class Kernel:
    """What one kernel takes of a multiprocessor."""

    registers: int
    #: bytes of registers stored to memory and loaded again, in the kernel and the functions that it calls
    spills: int
    #: how often each instruction stands in each loop, innermost or not
    loops: list[Counter[str]]


def compiled(module: Any) -> tuple[dict[str, Kernel], str]:
    """Return the kernels of a `RawModule` by name, and what the compiler said."""
    machine_code, log = _compiled(module.code, module.options)
    loops = _loops(machine_code)
    kernels = {}
    for part in log.split("Compiling entry function '")[1:]:
        name = part[: part.index("'")]
        found = re.search(r"Used (\d+) registers", part)
        assert found, f"no word on registers in {part}"
        spills = sum(int(n) for n in re.findall(r"(\d+) bytes spill", part))
        kernels[name] = Kernel(int(found[1]), spills, loops[name])
    return kernels, log


def _package(pattern: str) -> Path:
    """Return a file of NVIDIA's packages of CUDA 13."""
    spec = importlib.util.find_spec("nvidia")
    places = [Path(place) / "cu13" for place in spec.submodule_search_locations or ()] if spec else []
    found = [file for place in places for file in place.glob(pattern)]
    if not found:
        raise FileNotFoundError(f"no {pattern} in {places}; pip install -e '.[dev]' brings it on Linux")
    return found[0]


@cache
def _nvrtc() -> ctypes.CDLL:
    ctypes.CDLL(str(_package("lib/libnvrtc-builtins.so.13.*")))  # which NVRTC would not find by itself
    return ctypes.CDLL(str(_package("lib/libnvrtc.so.13")))


def _text(program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    getattr(_nvrtc(), f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(_nvrtc(), f"nvrtcGet{what}")(program, buffer)
    return buffer.raw


@cache
def _compiled(code: str, options: tuple[str, ...]) -> tuple[bytes, str]:
    program = ctypes.c_void_p()
    _nvrtc().nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"kernel.cu", 0, None, None)
    flags = [f"-arch={ARCHITECTURE}".encode(), *(option.encode() for option in options), b"--ptxas-options=-v"]
    failed = _nvrtc().nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))
    log = _text(program, "ProgramLog").rstrip(b"\0").decode()
    if failed:
        raise RuntimeError(f"NVRTC refuses the kernel:\n{log}")
    machine_code = _text(program, "CUBIN")
    _nvrtc().nvrtcDestroyProgram(ctypes.byref(program))
    return machine_code, log


@cache
def _loops(machine_code: bytes) -> dict[str, list[Counter[str]]]:
    """Count the instructions between each branch backwards and its target, by kernel."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(machine_code)
        file.flush()
        command = [str(_package("bin/nvdisasm")), "-c", file.name]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for section in re.split(r"^\s*\.section\s+\.text\.", listing, flags=re.MULTILINE)[1:]:
        names: list[str] = []
        targets: dict[str, int] = {}
        loops = []
        for line in section.splitlines():
            if label := re.match(r"\s*(\.L_\w+):", line):
                targets[label[1]] = len(names)
            elif instruction := re.match(r"\s*/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z]\w*)(.*);", line):
                names.append(instruction[1])
                target = re.search(r"`\((\.L_\w+)\)", instruction[2])
                if instruction[1] == "BRA" and target and target[1] in targets:
                    loops.append(Counter(names[targets[target[1]] :]))
        found[section[: section.index(",")]] = loops
    return found
