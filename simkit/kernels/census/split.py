"""Which islands belong together: the finest exact split.

Unroll the torus to a doubly periodic plane. An *island* is a connected set of live space-time cells, where (t, y, x)
is next to (t', y', x') if none of the differences exceeds 1. What islands of a part do together is what they do in
the whole, except at a *contact*: a cell that stays dead, near live cells of several islands. There a part would give
birth if it were alone and its own neighbours, without the others', were a number of the rule's B. So a grouping of
islands into parts is exact if at every contact no part alone has a number of B (contacts with one part are no
matter), and if what one part becomes after the period is one part again (`returns`).

Of all exact groupings the finest is taken, by these steps.

1. *Forced*: two parts alone at a contact, one of which would give birth, are one part. Repeat; every exact grouping
   does this.
2. *Open*: a contact of three or four parts, one of which would give birth, must join that one with another, by choice.
   Try all choices, and take the grouping with the most parts. If several have as many, none is preferred: all joins
   of all of them are made, and step 2 repeated.
   (More than MAX_TRIALS choices are not tried; then all parts of the open contacts are joined.)

A position relative to an island is a *winding* (wy, wx): how many times the torus was crossed down and to the right on
the way. A part that meets its own image under another winding goes round the torus: it *wraps*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

#: choices tried for islands that have to do with each other
MAX_TRIALS = 512

#: (island, wy, wx, live neighbours): one side of a contact; the winding is that of the dead cell, seen from the island
Side = tuple[int, int, int, int]
Contact = tuple[Side, ...]
#: (island, wy, wx, island, wy, wx): a cell at generation 0, seen from its island, and that cell a period later, from
#: its own
Return = tuple[int, int, int, int, int, int]


class Parts:
    """A grouping of islands 0..n-1 into parts, with windings: union-find where each link has a winding."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))
        self._winding = [(0, 0)] * n
        self.wraps = [False] * n

    def copy(self) -> Parts:
        """Return an independent copy."""
        other = Parts(0)
        other._parent, other._winding, other.wraps = self._parent.copy(), self._winding.copy(), self.wraps.copy()
        return other

    def find(self, island: int, wy: int = 0, wx: int = 0) -> tuple[int, int, int]:
        """Return the part that an island is in, and a winding seen from there (0 if the part wraps)."""
        path, root = [], island
        while self._parent[root] != root:
            path.append(root)
            root = self._parent[root]
        y, x = 0, 0
        for link in reversed(path):  # from the root outwards; each link is shortened on the way
            y, x = y + self._winding[link][0], x + self._winding[link][1]
            self._parent[link], self._winding[link] = root, (y, x)
        return (root, 0, 0) if self.wraps[root] else (root, wy + y, wx + x)

    def join(self, a: int, ay: int, ax: int, b: int, by: int, bx: int) -> bool:
        """Put a and b in one part, where the winding (ay, ax) of a is (by, bx) of b; return whether that is new."""
        root_a, ay, ax = self.find(a, ay, ax)
        root_b, by, bx = self.find(b, by, bx)
        if root_a == root_b:
            if (ay, ax) == (by, bx):
                return False
            self.wraps[root_a] = True
            return True
        self._parent[root_b] = root_a
        self._winding[root_b] = (ay - by, ax - bx)
        self.wraps[root_a] |= self.wraps[root_b]
        return True


def split(n: int, wraps: Sequence[int], contacts: Iterable[Contact], returns: Iterable[Return], birth: int) -> Parts:
    """Return the finest exact grouping of `n` islands.

    Parameters
    ----------
    n : int
        Number of islands.
    wraps : sequence of int
        Islands that go round the torus by themselves.
    contacts, returns
        See the module's docstring. Repetitions do no harm.
    birth : int
        Bit ``k`` says that a dead cell with ``k`` live neighbours is born.
    """
    parts = Parts(n)
    for island in wraps:
        parts.wraps[island] = True
    lowest = (birth & -birth).bit_length() - 1 if birth else 9
    contacts = sorted({contact for contact in contacts if sum(n for *_, n in contact) >= lowest})
    returns = sorted(set(returns))
    _force(parts, contacts, returns, birth)
    for some_contacts, some_returns in _independent(n, contacts, returns, birth, parts):
        _decide(parts, some_contacts, some_returns, birth)
    return parts


def _sides(parts: Parts, contact: Contact) -> dict[tuple[int, int, int], int]:
    """Return the live neighbours of each part at a contact."""
    sums: dict[tuple[int, int, int], int] = defaultdict(int)
    for island, wy, wx, n in contact:
        sums[parts.find(island, wy, wx)] += n
    return sums


def _is_open(parts: Parts, contact: Contact, birth: int) -> bool:
    sums = _sides(parts, contact)
    return len(sums) > 1 and any(birth >> n & 1 for n in sums.values())


def _join_all(parts: Parts, contact: Contact) -> bool:
    changed = False
    for side in contact[1:]:
        changed |= parts.join(*contact[0][:3], *side[:3])
    return changed


def _force(parts: Parts, contacts: Sequence[Contact], returns: Sequence[Return], birth: int) -> None:
    changed = True
    while changed:
        changed = False
        for contact in contacts:
            sums = _sides(parts, contact)
            if len(sums) == 2 and any(birth >> n & 1 for n in sums.values()):
                changed |= _join_all(parts, contact)
        changed |= _recur(parts, returns)


def _recur(parts: Parts, returns: Sequence[Return]) -> bool:
    """Join what must be one part, since it is one a period earlier or later."""
    changed = False
    for here, there in ((0, 3), (3, 0)):
        firsts: dict[int, tuple[int, ...]] = {}
        for link in returns:
            part, wy, wx = parts.find(*link[here : here + 3])
            first = firsts.setdefault(part, (wy, wx, *link[there : there + 3]))
            dy, dx = wy - first[0], wx - first[1]
            island, wy, wx = link[there : there + 3]
            changed |= parts.join(first[2], first[3] + dy, first[4] + dx, island, wy, wx)
    return changed


def _independent(
    n: int, contacts: Sequence[Contact], returns: Sequence[Return], birth: int, parts: Parts
) -> list[tuple[list[Contact], list[Return]]]:
    """Return the contacts and returns of each set of islands that may depend on one open contact."""
    opened = [contact for contact in contacts if _is_open(parts, contact, birth)]
    if not opened:
        return []
    linked = Parts(n)
    for island in range(n):
        linked.join(parts.find(island)[0], 0, 0, island, 0, 0)
    for contact in contacts:
        for side in contact[1:]:
            linked.join(contact[0][0], 0, 0, side[0], 0, 0)
    for link in returns:
        linked.join(link[0], 0, 0, link[3], 0, 0)
    groups = sorted({linked.find(contact[0][0])[0] for contact in opened})
    return [
        (
            [contact for contact in contacts if linked.find(contact[0][0])[0] == group],
            [link for link in returns if linked.find(link[0])[0] == group],
        )
        for group in groups
    ]


def _decide(parts: Parts, contacts: Sequence[Contact], returns: Sequence[Return], birth: int) -> None:
    """Close the open contacts; see step 2 of the module's docstring."""
    while opened := [contact for contact in contacts if _is_open(parts, contact, birth)]:
        leaves: list[Parts] = []
        if not _try(parts, contacts, returns, birth, leaves, [0]):
            for contact in opened:
                _join_all(parts, contact)
        else:
            islands = sorted(
                {side[0] for contact in contacts for side in contact} | {i for r in returns for i in (r[0], r[3])}
            )
            most = max(len({leaf.find(i)[0] for i in islands}) for leaf in leaves)
            for leaf in leaves:
                if len({leaf.find(i)[0] for i in islands}) == most:
                    for island in islands:
                        root, wy, wx = leaf.find(island)
                        parts.join(root, wy, wx, island, 0, 0)
                        if leaf.wraps[root]:
                            parts.wraps[parts.find(root)[0]] = True
        _force(parts, contacts, returns, birth)


def _try(
    parts: Parts,
    contacts: Sequence[Contact],
    returns: Sequence[Return],
    birth: int,
    leaves: list[Parts],
    n_trials: list[int],
) -> bool:
    """Collect the exact groupings that the choices at open contacts lead to; return False if they are too many."""
    contact = next((contact for contact in contacts if _is_open(parts, contact, birth)), None)
    if contact is None:
        leaves.append(parts)
        return True
    sums = _sides(parts, contact)
    unfit = min(side for side, n in sums.items() if birth >> n & 1)
    for other in sorted(sums):
        if other != unfit:
            n_trials[0] += 1
            if n_trials[0] > MAX_TRIALS:
                return False
            branch = parts.copy()
            branch.join(*unfit, *other)
            _force(branch, contacts, returns, birth)
            if not _try(branch, contacts, returns, birth, leaves, n_trials):
                return False
    return True
