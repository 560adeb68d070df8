"""The text of a .rule file: the rule as a tree and as a table, colours and icons.

Golly takes the first of @TREE and @TABLE that it finds: the tree, which it runs faster. The table says the same for
people and for programs that read tables alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simkit.lattices import colours
from simkit.lattices.golly import Automaton
from simkit.lattices.golly.icons import icons

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

#: places of the neighbours N, E, S, W and the letters of their variables
_PLACES = ((0, 1), (1, 2), (2, 1), (1, 0))
_LETTERS = "nesw"


def outcomes(automaton: Automaton) -> U8:
    """Return what becomes of every neighbourhood: uint8 (state, class N, class E, class S, class W).

    Each class of neighbours (`Automaton.seen`) is asked about by its first state.
    """
    first = [np.unique(seen, return_index=True)[1].astype(np.uint8) for seen in automaton.seen]
    shape = (automaton.n_states, *map(len, first))
    patches = np.zeros((*shape, 3, 3), np.uint8)
    axes = np.ix_(np.arange(automaton.n_states, dtype=np.uint8), *first)
    for values, (y, x) in zip(axes, ((1, 1), *_PLACES), strict=True):
        patches[..., y, x] = np.broadcast_to(values, shape)
    return automaton.step(patches)[..., 1, 1]


def tree(automaton: Automaton, found: U8) -> list[str]:
    """Return the lines of @TREE: equal nodes are one, bottom up from the cell itself over S, E and W to N."""
    n = automaton.n_states
    seen = dict(zip("NESW", automaton.seen, strict=True))
    rows = found.transpose(1, 4, 2, 3, 0)  # N, W, E, S, cell
    lines: list[str] = []
    ids, below = rows.astype(np.int64), 0
    for depth, place in enumerate(("", "S", "E", "W", "N"), start=1):
        children = ids[..., seen[place]] + below if place else ids
        below = len(lines)
        nodes, index = np.unique(children.reshape(-1, n), axis=0, return_inverse=True)
        ids = index.reshape(children.shape[:-1])
        lines += [" ".join(map(str, [depth, *node])) for node in nodes.tolist()]
    return [f"num_states={n}", "num_neighbors=4", f"num_nodes={len(lines)}", *lines]


def table(automaton: Automaton, found: U8) -> list[str]:
    """Return the lines of @TABLE: for each state the sets of neighbours that change it; others are left alone."""
    names: dict[tuple[int, tuple[int, ...]], str] = {}
    transitions = []
    for state in range(automaton.n_states):
        for sets, outcome in _boxes(found[state]):
            if outcome == state:
                continue
            inputs = []
            for direction, classes in enumerate(sets):
                members = tuple(np.flatnonzero(np.isin(automaton.seen[direction], classes)).tolist())
                letter = _LETTERS[direction]
                # one name for each place: a name that comes twice in a transition would mean the same state twice
                name = names.setdefault((direction, members), f"{letter}{len(names)}")
                inputs.append(str(members[0]) if len(members) == 1 else name)
            transitions.append(",".join([str(state), *inputs, str(outcome)]))
    variables = [
        f"var {name}={{{','.join(map(str, members))}}}" for (_, members), name in names.items() if len(members) > 1
    ]
    head = [f"n_states:{automaton.n_states}", "neighborhood:vonNeumann", "symmetries:none"]
    return [*head, *variables, *transitions]


def _boxes(block: U8) -> Iterator[tuple[tuple[I64, ...], int]]:
    """Cut an array over classes of neighbours into boxes of one value; each with its classes in every direction."""
    if block.ndim == 0:
        yield (), int(block)
        return
    _, first, index = np.unique(block.reshape(len(block), -1), axis=0, return_index=True, return_inverse=True)
    for group, representative in enumerate(first.tolist()):
        classes = np.flatnonzero(index.reshape(-1) == group)
        for rest, outcome in _boxes(block[representative]):
            yield (classes, *rest), outcome


def write(automaton: Automaton) -> str:
    """Return the text of NAME.rule."""
    found = outcomes(automaton)
    lines = [
        f"@RULE {automaton.name}",
        automaton.about,
        "Made by simkit. State 0 is void. The tree and the table say the same.",
        "",
        "@TREE",
        *tree(automaton, found),
        "",
        "@TABLE",
        *table(automaton, found),
        "",
        "@COLORS",
        *(f"{state} {r} {g} {b}" for state, (r, g, b) in enumerate(_colours(automaton).tolist())),
        "",
        "@ICONS",
        *icons(automaton.glyphs[1:]),
    ]
    return "\n".join([*lines, ""])


def _colours(automaton: Automaton) -> U8:
    if automaton.has_void:
        return colours.CELLS[automaton.members]
    return np.concatenate((np.array([colours.VOID_BLACK], np.uint8), colours.DEMONS))
