"""The census against lifelib (A. P. Goucher; https://gitlab.com/apgoucher/lifelib, package python-lifelib).

lifelib knows the plane only. Names: every object of the ash, in the state in which it stands there, is given to it.
Splits: the ash is cut, by this file's own code, into groups of cells that are far from each other in all generations;
each group is given whole to lifelib's own separation of objects, which Python cannot call, so that a small C++ program
is compiled against its headers.

lifelib compiles itself with g++ for the rules that it is asked for; that, and large boards, are slow.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from simkit.ash.ca_ash import CaAsh
from simkit.kernels import life
from simkit.kernels.census import TORUS, cpu
from simkit.kernels.census.apgcode import Rows, decode, from_cells, orient
from simkit.kernels.census.plane import step
from simkit.kernels.life import Rule
from simkit.kernels.life.reference import step_cells

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("lifelib") is None, reason="python-lifelib is not installed here"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="g++, which lifelib needs, is not installed here"),
]

RULES = ("B3/S23", "B36/S23", "B38/S23", "B3/S238")

#: cells that are no farther from each other than this, in some generation, are in one group
REACH = 4

Given = tuple[np.ndarray, int, tuple[Rule, ...], np.ndarray, np.ndarray]


def their_name(rule: str) -> str:
    return rule.replace("/", "").lower()


def ash(text: str, n: int, side: int) -> Given:
    rule = Rule.parse(text)
    soup = CaAsh(rules=(text,), size=(side, side)).soup(20, range(n))
    settled = life.KERNEL.load("cpu").settle(soup, side, (rule,), np.zeros(n, np.uint8), 100_000)
    return settled.ash, side, (rule,), np.zeros(n, np.uint8), settled.period


def rle(rows: Rows) -> str:
    width = max(row.bit_length() for row in rows)
    return "$".join("".join("bo"[row >> x & 1] for x in range(width)) for row in rows) + "!"


def states(given: Given) -> Counter[tuple[str, Rows]]:
    """Count the objects of the census by apgcode and by how they stand on the board."""
    objects = cpu.find(*given)
    keys = zip(objects.code.tolist(), objects.phase.tolist(), objects.orientation.tolist(), strict=True)
    found: Counter[tuple[str, Rows]] = Counter()
    for (code, phase, orientation), n in Counter(keys).items():
        if objects.apgcodes[code] != TORUS:
            pattern = decode(objects.apgcodes[code])
            for _ in range(phase):
                pattern, _, _ = step(pattern, given[2][0])
            found[objects.apgcodes[code], orient(pattern, orientation)] += n
    return found


def compare_names(rule: str, n_boards: int, side: int) -> int:
    """Check the apgcode of every object against lifelib's; return how many there were."""
    import lifelib

    tree = lifelib.load_rules(*map(their_name, RULES)).lifetree(n_layers=1, memory=500)
    found = states(ash(rule, n_boards, side))
    theirs = {(code, rows): tree.pattern(rle(rows), their_name(rule)).apgcode for code, rows in found}
    wrong = [(code, other, rle(rows)) for (code, rows), other in theirs.items() if other != code]
    print(f"{rule}: {sum(found.values())} objects in {len(found)} states, {len(wrong)} states named otherwise")
    assert not wrong
    return sum(found.values())


@pytest.mark.parametrize("rule", RULES)
def test_names_of_objects_in_many_boards(rule):
    assert compare_names(rule, 100, 128) > 4_000


def groups(cells: np.ndarray, rule: Rule, period: int) -> tuple[np.ndarray, list[Rows]]:
    """Cut a torus into groups far from each other; return which cell is in which (0 for none), and those on the plane.

    Groups that may go round the torus are left out.
    """
    height, width = cells.shape
    ever, now = cells.copy(), cells
    for _ in range(period):
        now = step_cells(now, rule)
        ever |= now
    label, found = np.zeros((height, width), np.int64), []
    for y0, x0 in np.argwhere(ever).tolist():
        if label[y0, x0]:
            continue
        label[y0, x0] = len(found) + 1
        places = [(y0, x0)]
        for y, x in places:  # grows on the way
            for dy in range(-REACH, REACH + 1):
                for dx in range(-REACH, REACH + 1):
                    there = (y + dy) % height, (x + dx) % width
                    if ever[there] and not label[there]:
                        label[there] = len(found) + 1
                        places.append((y + dy, x + dx))
        ys, xs = [y for y, _ in places], [x for _, x in places]
        if max(ys) - min(ys) + REACH < height and max(xs) - min(xs) + REACH < width:
            found.append(from_cells([(y, x) for y, x in places if cells[y % height, x % width]])[0])
        else:
            label[label == len(found) + 1] = -1
    label[label < 0] = 0
    return label, found


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the program, against a copy of lifelib's headers that knows the rules (it keeps its own to B3/S23)."""
    import lifelib

    folder = tmp_path_factory.mktemp("lifelib")
    shutil.copytree(Path(lifelib.__file__).parent, folder / "lifelib", ignore=shutil.ignore_patterns("*.so"))
    code = f"from lifelib.autocompile import generate_code; generate_code({list(map(their_name, RULES))})"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    source, out = Path(__file__).with_name("lifelib_objects.cpp"), folder / "objects"
    options = ["-std=c++17", "-O2", "-w", "-march=native", f"-I{folder / 'lifelib'}"]
    subprocess.run(["g++", *options, str(source), "-o", str(out)], check=True)
    return out


@pytest.mark.parametrize("rule", RULES)
def test_splits_of_many_boards(rule, program):
    given = ash(rule, 100, 128)
    boards, width, rules, _, period = given
    objects, mask = cpu.find(*given), cpu.label(*given)
    ours: list[tuple[Rows, Counter[str]]] = []
    for i in np.flatnonzero(period <= 60):
        cells = np.unpackbits(boards[i], axis=-1, count=width, bitorder="little")
        label, found = groups(cells, rules[0], int(period[i]))
        counts: list[Counter[str]] = [Counter() for _ in found]
        for number, code in enumerate(objects.code[objects.sample == i].tolist(), start=1):
            of = np.unique(label[mask[i] == number])
            assert len(of) == 1, "an object in two groups"
            if of[0]:
                counts[of[0] - 1][objects.apgcodes[code]] += 1
        ours += zip(found, counts, strict=True)
    distinct = sorted({rows for rows, _ in ours})
    lines = subprocess.run(
        [str(program), their_name(rule)],
        input="".join(rle(rows) + "\n" for rows in distinct),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    theirs = {}
    for rows, line in zip(distinct, lines, strict=True):
        words = line.split()
        theirs[rows] = Counter(dict(zip(words[::2], map(int, words[1::2]), strict=True)))
    wrong = {rle(rows): (dict(counts), dict(theirs[rows])) for rows, counts in ours if counts != theirs[rows]}
    n = sum(sum(counts.values()) for _, counts in ours)
    print(f"{rule}: {n} objects in {len(ours)} groups, {len(distinct)} of them distinct, {len(wrong)} split otherwise")
    assert not wrong
    assert n > 4_000
