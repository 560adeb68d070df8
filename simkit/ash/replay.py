"""The generations of a row once more: from its soup to its ash, and one cycle on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simkit.backends import AUTO
from simkit.errors import DamageError, ParameterError
from simkit.kernels import life
from simkit.kernels.life import Rule
from simkit.recipe import Recipe
from simkit.schema import Array, unpack
from simkit.store import Store

U8 = npt.NDArray[np.uint8]

#: frames of a replay at most, and of these at most for the cycle
MAX_FRAMES, _CYCLE_FRAMES = 200, 50


@dataclass(frozen=True)
class Replay:
    """Generations of a row, chosen for looking at.

    Attributes
    ----------
    generations : tuple of int
        Rising, from 0 to the end of the first cycle (to ``max_steps`` if the row never settled).
    settle, period : int
        As the store has them.
    """

    generations: tuple[int, ...]
    settle: int
    period: int
    _soup: U8
    _ash: U8
    _rule: Rule
    _width: int
    _backend: str
    _what: str

    def boards(self) -> Iterator[U8]:
        """Yield for each generation the cells, uint8 (y, x), computed when they are asked for.

        Raises
        ------
        DamageError
            If generation `settle`, or the end of the cycle, is not the ash that the store has.
        """
        step = life.KERNEL.load(self._backend).step
        board, now = self._soup, 0
        ends = (self.settle, self.settle + self.period) if self.period else self.generations[-1:]
        for generation in self.generations:
            board = step(board[None], self._width, self._rule, generation - now)[0]
            now = generation
            if generation in ends and not np.array_equal(board, self._ash):
                raise DamageError(
                    f"generation {generation:,} of {self._what} is not the ash that it holds; "
                    "simkit verify --full --regenerate 50 finds out more"
                )
            yield unpack(board, self._width)


def replay(store: Store, row: int, *, backend: str = AUTO) -> Replay:
    """Prepare the replay of a row of `store`.

    Raises
    ------
    ParameterError
        If the store has no such row, or its rows come from no soup.
    """
    store.check_row(row)
    soup = soups(store, backend)(range(row, row + 1))[0]
    settle, period = int(store["settle"][row]), int(store["period"][row])
    rule = store.schema["rule"].class_name(int(store["rule"][row]))
    ash = store["ash"]
    last = settle + period if period else store.recipe["parameters"]["max_steps"]
    return Replay(
        schedule(settle, period) if period else schedule(last, 0),
        settle,
        period,
        soup,
        np.asarray(ash[row]),
        Rule.parse(rule),
        ash.field.bits or 8 * ash.field.shape[-1],
        life.KERNEL.resolve(backend),
        f"row {row:,} of {store.path}",
    )


def soups(store: Store, backend: str = AUTO) -> Callable[[range], Array]:
    """Return the function that makes the soups of rows of a store, packed as the field ``ash``.

    Raises
    ------
    ParameterError
        If the rows come from no soup.
    """
    recipe = Recipe.parse(store.recipe)
    soup = getattr(recipe.source, "soup", None)
    if soup is None:
        raise ParameterError(f"the rows of {store.path} come from no soup: its source is {recipe.source.name}")
    return lambda rows: soup(recipe.seed, rows, backend=backend)


def schedule(settle: int, period: int, n_frames: int = MAX_FRAMES) -> tuple[int, ...]:
    """Choose at most `n_frames` generations from 0 to ``settle + period``, `settle` among them.

    Every generation at first; if these are too many, strides that grow by the same factor each time. Long strides end
    on generations of the parity of `settle`, so that blinkers stand still until the cycle is shown.
    """
    n_cycle = min(period, _CYCLE_FRAMES, n_frames // 4)
    cycle = {settle + -(-period * k // n_cycle) for k in range(1, n_cycle + 1)} if n_cycle else set()
    n_strides = n_frames - len(cycle) - 1
    if settle <= n_strides:
        return tuple(sorted({*range(settle + 1), *cycle}))
    low, high = 1.0, 2.0
    while sum(high**k for k in range(n_strides)) < settle:
        high *= 2
    for _ in range(60):
        factor = (low + high) / 2
        low, high = (factor, high) if sum(factor**k for k in range(n_strides)) < settle else (low, factor)
    chosen, reached = {0, settle}, 0.0
    for k in range(n_strides):
        reached += low**k
        generation = min(round(reached), settle)
        chosen.add(generation - (settle - generation) % 2 if low**k >= 2 else generation)
    return tuple(sorted(chosen | cycle))
