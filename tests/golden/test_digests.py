"""Samples do not change unless the source's version does.

`digests.json` holds, for each source and version, the digest of a few rows with the source's tiny parameters. After a
version was raised on purpose: ``python tests/golden/test_digests.py`` adds the new one, and the change gets a line
under *Samples changed* in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from simkit import registry

PATH = Path(__file__).with_name("digests.json")


def digest(name: str, backend: str = "auto") -> str:
    """SHA-256 over names, dtypes, shapes and values of 40 rows."""
    cls = registry.source_class(name)
    whole = hashlib.sha256()
    for seed, rows in ((0, range(20)), (2**63 + 5, range(2**35, 2**35 + 20))):
        for field, values in cls.build(cls.tiny).generate(seed, rows, backend=backend).items():
            whole.update(f"{field} {values.dtype} {values.shape}".encode())
            whole.update(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).data)
    return whole.hexdigest()


def key(name: str) -> str:
    return f"{name}@{registry.source_class(name).version}"


# that the others give the same is a law, too (`tests/laws/test_sources.py`)
@pytest.mark.parametrize("backend", ["auto", pytest.param("reference", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", registry.sources())
def test_samples_are_those_of_the_version(name, backend):
    golden = json.loads(PATH.read_text())
    assert key(name) in golden, f"new source or version {key(name)}: run python {Path(__file__).name}"
    assert digest(name, backend) == golden[key(name)], f"samples of {name} changed: raise its version, or mend it"


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.sources())
def test_every_backend_gives_them(name, run_on):
    with run_on(*registry.source_class(name).kernels) as backend:
        assert digest(name, backend) == json.loads(PATH.read_text())[key(name)]


if __name__ == "__main__":
    golden = json.loads(PATH.read_text())
    PATH.write_text(json.dumps({**{key(name): digest(name) for name in registry.sources()}, **golden}, indent=2) + "\n")
