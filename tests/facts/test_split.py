"""The finest exact split, on islands and contacts that are made up."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from simkit.kernels.census.split import Contact, Parts, split

B3 = 1 << 3


def contact(*sides: tuple[int, int]) -> Contact:
    """Return a contact of islands with numbers of live neighbours, nothing across an edge."""
    return tuple((island, 0, 0, n) for island, n in sides)


def groups(parts: Parts, n: int) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for island in range(n):
        found.setdefault(parts.find(island)[0], []).append(island)
    return sorted(found.values())


def test_islands_that_need_nobody_stay_apart():
    assert groups(split(3, [], [contact((0, 2), (1, 2)), contact((1, 1), (2, 1))], [], B3), 3) == [[0], [1], [2]]


def test_a_part_that_would_give_birth_needs_the_other():
    assert groups(split(3, [], [contact((0, 3), (1, 1)), contact((1, 2), (2, 2))], [], B3), 3) == [[0, 1], [2]]


def test_where_two_choices_are_as_good_nothing_is_split():
    assert groups(split(3, [], [contact((0, 3), (1, 1), (2, 1))], [], B3), 3) == [[0, 1, 2]]


def test_what_is_joined_elsewhere_decides_a_choice():
    contacts = [contact((0, 3), (1, 1), (2, 1)), contact((0, 1), (2, 3))]
    assert groups(split(3, [], contacts, [], B3), 3) == [[0, 2], [1]]


def test_a_choice_that_leads_to_more_parts_is_taken():
    contacts = [
        contact((0, 3), (1, 1), (2, 1)),
        contact((0, 2), (1, 2), (3, 2), (4, 1)),
        contact((1, 1), (0, 2), (4, 3)),
    ]
    assert groups(split(5, [], contacts, [], B3), 5) == [[0, 1, 4], [2], [3]]


def test_two_parts_together_may_need_a_third():
    """One and two neighbours are three: islands joined elsewhere give birth, unless the third is with them."""
    contacts = [contact((0, 3), (1, 2)), contact((0, 1), (1, 2), (2, 1))]
    assert groups(split(3, [], contacts, [], B3), 3) == [[0, 1, 2]]


def test_what_comes_back_as_another_is_joined_like_it():
    """Islands 0 and 1 become 2 and 3: if 0 and 1 are one part, so are 2 and 3."""
    returns = [(0, 0, 0, 2, 0, 0), (1, 0, 0, 3, 0, 0), (2, 0, 0, 0, 0, 0), (3, 0, 0, 1, 0, 0)]
    assert groups(split(4, [], [contact((0, 3), (1, 1))], returns, B3), 4) == [[0, 1], [2, 3]]
    assert groups(split(4, [], [contact((2, 3), (3, 1))], returns, B3), 4) == [[0, 1], [2, 3]]


def test_an_island_that_needs_its_own_image_wraps():
    parts = split(2, [], [((0, 0, 0, 3), (0, 0, 1, 1)), contact((0, 1), (1, 1))], [], B3)
    assert parts.wraps[parts.find(0)[0]]
    assert not parts.wraps[parts.find(1)[0]]


def test_a_part_with_one_that_wraps_wraps():
    parts = split(2, [1], [contact((0, 3), (1, 1))], [], B3)
    assert parts.wraps[parts.find(0)[0]]


def is_exact(grouping: tuple[int, ...], contacts: list[Contact], birth: int) -> bool:
    for one in contacts:
        sums: dict[int, int] = {}
        for island, _, _, n in one:
            sums[grouping[island]] = sums.get(grouping[island], 0) + n
        if len(sums) > 1 and any(birth >> n & 1 for n in sums.values()):
            return False
    return True


def groupings(n: int) -> list[tuple[int, ...]]:
    """Return all groupings of islands 0..n-1, each as the number of the group of each island."""
    return [
        g for g in itertools.product(range(n), repeat=n) if all(g[i] <= max(g[:i], default=-1) + 1 for i in range(n))
    ]


GROUPINGS = {n: groupings(n) for n in range(1, 7)}


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, list[Contact], int]:
    n = draw(st.integers(2, 6))
    birth = draw(st.sampled_from([B3, B3 | 1 << 6, B3 | 1 << 8, 1 << 2 | B3, 1 << 4]))
    found = []
    for _ in range(draw(st.integers(1, 6))):
        islands = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=min(4, n), unique=True))
        sides = [(island, draw(st.integers(1, 4))) for island in sorted(islands)]
        if sum(k for _, k in sides) <= 8 and not birth >> sum(k for _, k in sides) & 1:
            found.append(contact(*sides))
    return n, found, birth


@given(problems())
@settings(max_examples=300)
def test_against_all_groupings(problem):
    """The split is exact; where one grouping has more parts than any other exact one, it is that."""
    n, contacts, birth = problem
    lowest = (birth & -birth).bit_length() - 1
    parts = split(n, [], contacts, [], birth)
    roots = [parts.find(island)[0] for island in range(n)]
    found = tuple(list(dict.fromkeys(roots)).index(root) for root in roots)
    assert is_exact(found, contacts, birth)
    exact = [g for g in GROUPINGS[n] if is_exact(g, [c for c in contacts if sum(s[3] for s in c) >= lowest], birth)]
    most = max(max(g) for g in exact)
    best = [g for g in exact if max(g) == most]
    if len(best) == 1:
        assert found == best[0]
    else:
        for g in best:  # it is coarser than each of them
            assert all(found[i] == found[j] for i in range(n) for j in range(n) if g[i] == g[j])
