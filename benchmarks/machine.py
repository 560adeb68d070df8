"""What a measurement was made on and with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from simkit.bench import device

_PACKAGES = (
    "numba",
    "llvmlite",
    "numpy",
    "simkit",
    "python-lifelib",
    "torch",
    "zarr",
    "distributed",
    "litdata",
    "mosaicml-streaming",
    "webdataset",
)


def cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    return device("cpu")


def n_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slug() -> str:
    """Return a file name for this machine, such as ``amd-epyc-2c``."""
    return f"{re.sub(r'[^a-z0-9]+', '-', cpu_model().lower()).strip('-')}-{n_cores()}c"


def versions() -> dict[str, str]:
    """Return the version of Python and of each package concerned that is installed."""
    installed = {dist.name.lower(): dist.version for dist in metadata.distributions()}
    found = {name: installed[name] for name in _PACKAGES if name in installed}
    return {"python": platform.python_version(), **found}


def commit() -> str | None:
    """Return the commit of this source tree, with ``-dirty`` if files of it differ, or None where git has none."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        return None


def about() -> dict[str, Any]:
    """Return what every record of a measurement begins with."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": cpu_model(), "cores": n_cores()},
        "versions": versions(),
        "commit": commit(),
    }
