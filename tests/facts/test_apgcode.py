"""Apgcodes: known ones both ways, and what must hold of any pattern."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkit.errors import ParameterError
from simkit.kernels.census import hash_of, name_of
from simkit.kernels.census.apgcode import (
    canonical,
    cells_of,
    decode,
    encode,
    from_cells,
    inverse,
    orient,
    population,
    size,
    trim,
)
from simkit.kernels.census.constellations import COMPLETE, picture
from simkit.kernels.census.kinds import KINDS, NAMES, TORUS
from simkit.kernels.census.plane import identify, orbit, step
from simkit.kernels.life import Rule

LIFE, HIGHLIFE = Rule.parse("B3/S23"), Rule.parse("B36/S23")

#: apgcode, rule, a picture of it in some phase and orientation
VECTORS = [
    ("xs4_33", LIFE, "oo/oo"),
    ("xp2_7", LIFE, "ooo"),
    ("xs6_696", LIFE, ".oo/o..o/.oo"),
    ("xq4_153", LIFE, ".o/..o/ooo"),
    ("xs6_356", LIFE, "oo/o.o/.oo"),
    ("xs5_253", LIFE, "oo/o.o/.o"),
    ("xs7_2596", LIFE, ".oo/o..o/.o.o/..o"),
    ("xs7_178c", LIFE, "oo/o.o/..o/..oo"),
    ("xp2_318c", LIFE, "oo/oo/..oo/..oo"),
    ("xp2_2a54", LIFE, "..o/o.o/.o.o/.o"),
    ("xp3_co9nas0san9oczgoldlo0oldlogz1047210127401", LIFE,
     "..ooo...ooo//o....o.o....o/o....o.o....o/o....o.o....o/..ooo...ooo//..ooo...ooo/"
     "o....o.o....o/o....o.o....o/o....o.o....o//..ooo...ooo"),
    ("xp15_4r4z4r4", LIFE, "..o....o/oo.oooo.oo/..o....o"),
    ("xp8_gk2gb3z11", LIFE, "ooo/ooo/ooo/...ooo/...ooo/...ooo"),
    ("xp8_4b23021eaz57840c4d2", LIFE,
     "oooooo.oo/oooooo.oo/.......oo/oo.....oo/oo.....oo/oo.....oo/oo/oo.oooooo/oo.oooooo"),
    ("xq4_6frc", LIFE, ".o..o/o/o...o/oooo"),
    ("xq4_27dee6", LIFE, "...o/.o...o/o/o....o/ooooo"),
    ("xq4_27deee6", LIFE, "...oo/.o....o/o/o.....o/oooooo"),
    ("xs14_g88m952z121", LIFE, "....oo/...o..o/...o.o/.oo.o/o..o/o.o/.o"),
    ("xp10_9hr", HIGHLIFE, "ooo/..o//o.o/.oo"),
]  # fmt: skip

#: whole constellations as one pattern
WHOLE = {
    "traffic-light": ("xp2_s01110szw222", LIFE),
    "honey-farm": ("xs24_y1696z2552wgw2552zy1343", LIFE),
    "four-boats": ("xs20_2530352z4ac0ca4", HIGHLIFE),
}

PATTERNS = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 90)), min_size=1, max_size=40).map(
    lambda cells: from_cells(cells)[0]
)


def rows(text: str) -> tuple[int, ...]:
    return from_cells([(y, x) for y, line in enumerate(text.split("/")) for x, c in enumerate(line) if c == "o"])[0]


@pytest.mark.parametrize(("code", "rule", "text"), VECTORS, ids=[code for code, _, _ in VECTORS])
def test_known_codes_both_ways(code, rule, text):
    identity = identify(rows(text), rule)
    assert identity.apgcode == code
    read = identify(decode(code), rule)
    assert read == identity._replace(phase=0, orientation=0, displacement=read.displacement)
    state = decode(code)
    for _ in range(identity.phase):
        state, _, _ = step(state, rule)
    assert orient(state, identity.orientation) == rows(text)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_constellations_have_their_codes(name):
    code, rule = WHOLE[name]
    pattern = from_cells([cell for cells in picture(name).values() for cell in cells])[0]
    assert identify(pattern, rule).apgcode == code
    assert identify(decode(code), rule).apgcode == code


@pytest.mark.parametrize("name", COMPLETE)
def test_constellations_have_four_members_and_are_stable(name):
    members = picture(name)
    assert len(members) == 4
    assert len({population(from_cells(cells)[0]) for cells in members.values()}) == 1
    pattern = from_cells([cell for cells in members.values() for cell in cells])[0]
    assert len(orbit(pattern, HIGHLIFE if name == "four-boats" else LIFE, 2)[0]) == (
        2 if name == "traffic-light" else 1
    )


def test_the_blockade_is_what_its_predecessor_becomes():
    """The stairstep hexomino becomes a blockade in 63 generations (Life Lexicon)."""
    pattern = rows("..oo/.oo/oo")
    for _ in range(64):
        pattern, _, _ = step(pattern, LIFE)
    blockade = from_cells([cell for cells in picture("blockade").values() for cell in cells])[0]
    assert identify(pattern, LIFE).apgcode == identify(blockade, LIFE).apgcode


def test_a_ship_is_no_still_life_of_highlife():
    with pytest.raises(ValueError, match=r"does not recur|dies"):
        orbit(decode("xs6_356"), HIGHLIFE, 1)


@pytest.mark.parametrize("code", [code for code in [*KINDS[1:], *NAMES] if code != TORUS])
def test_listed_codes_are_canonical_under_some_rule(code):
    pattern, found = decode(code), set()
    for text in ("B3/S23", "B36/S23", "B3/S238"):
        rule = Rule.parse(text)
        try:
            orbit(pattern, rule, 15)
        except ValueError:
            continue
        found.add(identify(pattern, rule).apgcode)
    assert code in found


def test_kinds_are_not_repeated_and_hashes_differ():
    assert len(set(KINDS)) == len(KINDS)
    assert len({hash_of(code) for code in [*KINDS, *NAMES]}) == len({*KINDS, *NAMES})
    assert hash_of("xs4_33").to_bytes(8, "little").hex() == "b899ae673e977f93"  # printf xs4_33 | b2sum -l 64
    assert name_of("xq4_153") == "glider"
    assert name_of("xs999_1") == "xs999_1"


@given(PATTERNS)
def test_round_trip(pattern):
    assert decode(encode(pattern)) == pattern
    assert from_cells(cells_of(pattern)) == (pattern, 0, 0)
    assert trim((0, *(row << 3 for row in pattern), 0)) == (pattern, 1, 3)


@given(PATTERNS, st.integers(0, 7), st.integers(0, 7))
def test_orientations(pattern, a, b):
    turned = orient(pattern, a)
    assert orient(turned, inverse(a)) == pattern
    assert sorted(size(turned)) == sorted(size(pattern))
    assert population(turned) == population(pattern)
    assert orient(turned, b) in {orient(pattern, c) for c in range(8)}
    assert canonical([turned])[0] == canonical([pattern])[0]


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1), st.integers(0, 7), st.integers(0, 40))
def test_a_code_does_not_depend_on_phase_and_orientation(cells, orientation, generations):
    """Whatever a small pattern becomes, if it recurs."""
    pattern = from_cells(cells)[0]
    for _ in range(100):
        if pattern:
            pattern, _, _ = step(pattern, LIFE)
    try:
        orbit(pattern, LIFE, 30)
    except ValueError:
        return
    if not pattern:
        return
    later = pattern
    for _ in range(generations):
        later, _, _ = step(later, LIFE)
    before, after = identify(pattern, LIFE), identify(orient(later, orientation), LIFE)
    assert (before.apgcode, before.period) == (after.apgcode, after.period)
    assert decode(before.apgcode) in {orient(phase, o) for phase in orbit(pattern, LIFE)[0] for o in range(8)}


@pytest.mark.parametrize(
    ("text", "message"),
    [("xs4_3!", "'!' at position 5"), ("xz4_33", "'xz4' is not xs, xp or xq"), ("xs4_3y", "no digit after 'y'")],
)
def test_what_is_no_apgcode_is_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        decode(text)
