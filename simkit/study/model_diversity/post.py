"""What the post reports of ten of its 128 networks: the five that a swap of the last layers degrades most, and least.

Exploring AI Model Diversity, blog post, 2026-03-05. All are errors in percent. The two columns of errors as trained
differ by 0.1 to 0.4 in the post, which does not say why.
"""

from __future__ import annotations

from simkit.schema import Field, Schema
from simkit.study.findings import Table, table

#: column -> what it is
_COLUMNS = {
    "error": "error as trained, table of dictionaries",
    "sae_0": "error with a top-1 dictionary at L0",
    "sae_1": "error with a top-1 dictionary at L1",
    "sae_2": "error with a top-1 dictionary at L2",
    "probe_0": "error of a linear probe of the mean at L0",
    "probe_1": "error of a linear probe of the mean at L1",
    "probe_2": "error of a linear probe of the mean at L2",
    "error_of_swaps": "error as trained, table of swaps",
    "naive_swap": "error with modules 1 and 2 swapped",
    "swap_12": "error with layers 1 and 2 swapped in the expanded form",
    "swap_01": "error with layers 0 and 1 swapped in the expanded form",
    "without_0": "error without layer 0",
    "without_1": "error without layer 1",
    "without_2": "error without layer 2",
}

_ROWS = [
    (3, 1.5, 38.7, 5.3, 2, 16.2, 4.7, 3.1, 1.8, 48.7, 48.7, 48.7, 48.7, 48.7, 47.6),
    (11, 1.3, 40.5, 2.5, 1.6, 16, 18.2, 5.7, 1.5, 48.7, 48.7, 28.6, 32.9, 11.8, 44),
    (38, 1.5, 49.4, 2.5, 1.8, 10.3, 4.3, 2.4, 1.6, 31.6, 11.2, 46.2, 47.4, 39.6, 37.7),
    (67, 2.1, 34.1, 3.1, 2.1, 10.8, 3.4, 2.6, 2.3, 48.7, 40.6, 48.2, 51.1, 12, 48),
    (84, 1.6, 46, 2.8, 1.9, 16.2, 3.2, 4, 2, 50.9, 51, 44, 42.5, 49, 34.2),
    (100, 2.1, 40.6, 2.7, 2.5, 10.9, 4.3, 3.4, 2, 48.7, 46.9, 48.7, 48.7, 45, 18.4),
    (102, 1.7, 46, 3.4, 2.1, 13, 3.6, 1.6, 1.8, 48.7, 48.7, 48.7, 48.7, 47, 40.8),
    (107, 1.6, 47.2, 3.9, 1.7, 10.2, 3.8, 1.9, 1.8, 30.5, 7.1, 23.4, 20, 36.8, 36.6),
    (112, 1.1, 35.1, 2.2, 1.6, 18.4, 16, 4.7, 1.5, 47.3, 15.4, 17, 48.7, 37.1, 18.8),
    (117, 1.3, 45, 3.1, 1.5, 10.9, 3.6, 2.4, 1.6, 42.5, 4.2, 48.6, 48.7, 31.5, 48.6),
]


def published() -> Table:
    """Return the tables of the post as one."""
    schema = Schema(
        network=Field("int64", "number of the network in the post"),
        **{name: Field("float64", doc, unit="%") for name, doc in _COLUMNS.items()},
    )
    return table(schema, [tuple(row) for row in _ROWS])
