"""Which kind of object each live cell of stored boards belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import AUTO
from simkit.errors import ParameterError
from simkit.kernels import census
from simkit.kernels.census import TORUS
from simkit.kernels.census.apgcode import decode, size
from simkit.kernels.life import Rule
from simkit.schema import unpack
from simkit.store import Store

U8 = npt.NDArray[np.uint8]


class Kind(NamedTuple):
    """A kind of object."""

    apgcode: str
    #: common name, or the apgcode if it has none
    name: str
    #: uint8 (y, x): the pattern of the apgcode
    cells: U8
    #: on all rows together
    n_objects: int


@dataclass(frozen=True)
class Survey:
    """The objects of some rows of a store, those of the commonest kinds told apart.

    Attributes
    ----------
    kinds : tuple of Kind
        The commonest first.
    n_other, n_other_kinds : int
        Objects of all other kinds together, and how many kinds these are.
    n_objects : tuple of int
        Of each row; -1 if it has no census: it never settled, or its rule has B0.
    """

    kinds: tuple[Kind, ...]
    n_other: int
    n_other_kinds: int
    n_objects: tuple[int, ...]
    _store: Store
    _rows: list[int]
    _backend: str

    def masks(self) -> Iterator[U8]:
        """Yield for each row uint8 (y, x), computed when it is asked for.

        0 where a cell is dead, ``k`` where it is of ``kinds[k - 1]``, one more where it is of another kind, two more
        if the board has no census.
        """
        index = {kind.apgcode: k for k, kind in enumerate(self.kinds, start=1)}
        other = len(self.kinds) + 1
        module = census.KERNEL.load(self._backend)
        for row in self._rows:
            arguments = _boards(self._store, range(row, row + 1))
            objects = module.find(*arguments)
            if objects.n_objects[0] < 0:
                yield unpack(arguments[0][0], arguments[1]) * np.uint8(other + 1)
                continue
            kinds = [index.get(objects.apgcodes[code], other) for code in objects.code.tolist()]
            yield np.array([0, *kinds], np.uint8)[module.label(*arguments)[0]]


def survey(store: Store, rows: Sequence[int], *, n_kinds: int, backend: str = AUTO) -> Survey:
    """Find the objects on the boards of `rows`, and the `n_kinds` commonest kinds, at most 253.

    Objects that go round the torus have no pattern and are never among the kinds.

    Raises
    ------
    ParameterError
        If the store has no such rows, or they are no ash.
    """
    rows = [store.check_row(row) for row in rows]
    n_kinds = ParameterError.check_integer("the number of kinds", n_kinds, 0, 253)
    lacking = [name for name in ("ash", "rule", "period") if name not in store.schema]
    if lacking:
        source = store.recipe["source"]
        raise ParameterError(f"objects are found on ash; {store.path} ({source}) has no field {', '.join(lacking)}")
    resolved = census.KERNEL.resolve(backend)
    module = census.KERNEL.load(resolved)
    counts: Counter[str] = Counter()
    n_objects: list[int] = []
    for row in rows:
        objects = module.find(*_boards(store, range(row, row + 1)))
        counts.update(objects.apgcodes[code] for code in objects.code.tolist())
        n_objects.append(int(objects.n_objects[0]))
    named = sorted((apgcode for apgcode in counts if apgcode != TORUS), key=lambda code: (-counts[code], code))[
        :n_kinds
    ]
    kinds = tuple(Kind(apgcode, census.name_of(apgcode), _cells(apgcode), counts[apgcode]) for apgcode in named)
    return Survey(
        kinds,
        counts.total() - sum(kind.n_objects for kind in kinds),
        len(counts) - len(kinds),
        tuple(n_objects),
        store,
        rows,
        resolved,
    )


def _boards(store: Store, rows: range) -> tuple[U8, int, tuple[Rule, ...], U8, npt.NDArray[np.int32]]:
    """Return the arguments of the census kernel's functions."""
    here = slice(rows.start, rows.stop)
    ash = store["ash"]
    rules = tuple(Rule.parse(label) for label in store.schema["rule"].labels)
    return ash[here], ash.field.bits or 8 * ash.field.shape[-1], rules, store["rule"][here], store["period"][here]


def _cells(apgcode: str) -> U8:
    rows = decode(apgcode)
    return np.array([[row >> x & 1 for x in range(size(rows)[1])] for row in rows], np.uint8)
