"""Four rules instead of two: errors, swaps and ablations of networks that tell all four apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from simkit.ash.baseline import baselines
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.swaps import errors
from simkit.study.ranks import median, share
from simkit.study.statistics import Estimate


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs_of_four_rules(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the networks of the four-rule task do."""
    found = {"test_error": 100 * stores["four-networks"]["test_error"][:].astype(np.float64)}
    found |= errors(stores["four-survey"])
    schema = Schema(
        network=Field("int64", "row of the population"),
        **{name: Field("float64", name.replace("_", " "), unit="%") for name in found},
    )
    rows = list(zip(range(len(found["error"])), *found.values(), strict=True))
    trivial = baselines(stores["four-boards"], range(stores["four-boards"].n_rows))
    best = min(trivial[1:], key=lambda line: min(line.linear, line.trees))
    least = Estimate(100 * min(best.linear, best.trees), 100 * best.standard_error)
    error, swapped = median(found["test_error"], scale.seed), found["swap_12"]
    claims = [
        Claim("test error, median over networks (%)", error),
        Claim("share of networks whose test error is at or below 1 %", share(found["test_error"] <= 1)),
        Claim(f"best baseline ({best.features}) - median test error of networks (percentage points)",
              least.less(error)),
        Claim("error with layers 1 and 2 swapped, median (%)", median(swapped, scale.seed)),
        Claim("lowest error with layers 1 and 2 swapped (%)", Estimate(float(np.nanmin(swapped)), math.nan)),
        Claim("highest error with layers 1 and 2 swapped (%)", Estimate(float(np.nanmax(swapped)), math.nan)),
    ]  # fmt: skip
    shown = {
        "four rules, all test boards": "test_error",
        "layers 1 and 2 swapped": "swap_12",
        "layers 0 and 1 swapped": "swap_01",
    }
    plots = [
        Plot(title, "errors", {"x": "network", "y": column}, Axes("network", "error (%)"), "bars")
        for title, column in shown.items()
    ]
    notes = [f"a guess of the commonest rule has {100 * trivial[0].linear:.1f} % error"]
    return Findings({"errors": table(schema, rows)}, plots, claims, notes)
