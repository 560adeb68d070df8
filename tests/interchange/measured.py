"""Print how many bytes more memory an export of all rows takes than one of the first row group or file.

usage: measured.py STORE FOLDER FORMAT N_FIRST
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from export_samples import place

import simkit

store, folder, to, n_first = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def peak() -> int:
    """Return the most bytes of memory that this process had."""
    if sys.platform == "linux":  # where ru_maxrss knows what the parent process had, too
        (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


simkit.export(store, to, place(folder / "first", to), rows=range(n_first))
before = peak()
simkit.export(store, to, place(folder / "all", to))
print(peak() - before)
