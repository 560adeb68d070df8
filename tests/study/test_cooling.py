"""The graph of slow cooling, at a size that shows that it works."""

from __future__ import annotations

import numpy as np
import pytest
from test_fluctuations import verdicts

from simkit.store import open_store
from simkit.study.conduct import conduct
from simkit.study.thermo import STUDY, TINY, Scale, cooling


def test_what_is_cooled_slowly_is_in_equilibrium_and_what_is_cooled_fast_is_not(tmp_path):
    paths = conduct("thermo", "cooling", tmp_path, Scale(2, TINY.steps, TINY.side, TINY.sweeps))
    found = verdicts(paths["claims"])
    assert "NOT" not in found.values()
    assert found["more unsatisfied bonds at the end (fraction), fastest - slowest"] == "ok"
    store = open_store(tmp_path / "data" / "cooling-1.zarr")
    temperatures = store["temperature"][:]
    assert np.allclose(temperatures[0], np.linspace(cooling._HOT, cooling._COLD, cooling._N_SAMPLES + 1))
    assert np.allclose(temperatures[1], temperatures[0, ::-1])
    assert open_store(paths["points"])["y"][:].size > 50


@pytest.mark.slow
def test_the_physics(tmp_path):
    assert not {"NOT", "frozen"} & set(
        verdicts(conduct("thermo", "cooling", tmp_path, STUDY.scales["small"])["claims"]).values()
    )
