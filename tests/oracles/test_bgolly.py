"""Life-like automata on a torus against Golly (the command bgolly, of its 3.3 and later).

Golly's tori: https://golly.sourceforge.io/Help/bounded.html; its emulation of rules with B0:
https://golly.sourceforge.io/Help/Algorithms/QuickLife.html. The pattern comes back as a macrocell file where possible,
which unlike RLE says where on the torus it lies.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
import where

from simkit.kernels import life
from simkit.kernels.life import Rule, cpu, reference

Cells = npt.NDArray[np.uint8]

BGOLLY = shutil.which("bgolly")

pytestmark = pytest.mark.skipif(BGOLLY is None, reason="bgolly (Debian package golly) is not installed here")

#: rules for the compiled kernel: few, and such as tests/laws compiles too, since each takes seconds
COMPILED = ["B3/S23", "B36/S23", "B38/S238"]

#: rules without B0, from sparse to dense
RULES = [*COMPILED, "B3/S238", "B2/S", "B1357/S1357", "B3678/S34678", "B1/S018", "B45/S2567", "B/S8"]
STROBING = ["B03/S23", "B0/S", "B01245/S0125", "B0278/S3456"]
INVERTED = ["B03/S238", "B0/S8", "B0123478/S01234678", "B0578/S2348"]


def with_kernel(compiled: list[str], rules: list[str]) -> pytest.MarkDecorator:
    """Run a test with the compiled kernels under a few rules and with the reference, which defines it, under many."""
    cases = [(place, rule) for place in where.COMPILED for rule in compiled] + [("reference", rule) for rule in rules]
    return pytest.mark.parametrize(("kernel", "rule"), cases, indirect=["kernel"])


@pytest.fixture
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return where.load(life.KERNEL, request.param)


#: height and width
SIZES = [(64, 128), (128, 64), (16, 8), (8, 16), (9, 65), (37, 129), (40, 100), (63, 63)]


def write_rle(path: Path, cells: Cells, rule: str) -> None:
    height, width = cells.shape
    lines = ["".join("bo"[cell] for cell in row) for row in cells]
    path.write_text(f"x = {width}, y = {height}, rule = {rule}:T{width},{height}\n" + "$\n".join(lines) + "!\n")


def read_macrocell(path: Path, height: int, width: int) -> Cells:
    """Read a two-state macrocell file whose torus has its cell (height // 2, width // 2) just above the middle.

    Line ``i`` (after the comments) is node ``i``: eight rows of cells ended by ``$``, or ``level nw ne sw se``. The
    last one is the world; node 0 is empty space of any size.
    """
    nodes = ["", *(line for line in path.read_text().splitlines()[1:] if not line.startswith("#"))]
    cells = np.zeros((height, width), np.uint8)

    def place(node: int, top: int, left: int) -> None:
        if node == 0:
            return
        if nodes[node][0] in ".*$":
            for y, row in enumerate(nodes[node].split("$")):
                for x in (x for x, cell in enumerate(row) if cell == "*"):
                    assert 0 <= top + y < height, "a cell beyond the torus"
                    assert 0 <= left + x < width, "a cell beyond the torus"
                    cells[top + y, left + x] = 1
            return
        level, *corners = map(int, nodes[node].split())
        half = 2 ** (level - 1)
        for corner, (y, x) in zip(corners, ((0, 0), (0, half), (half, 0), (half, half)), strict=True):
            place(corner, top + y, left + x)

    last = len(nodes) - 1
    half = 4 if nodes[last][:1] in ".*$" else 2 ** (int(nodes[last].split()[0]) - 1)
    place(last, height // 2 + 1 - half, width // 2 - half)
    return cells


def read_rle(path: Path, height: int, width: int) -> Cells:
    """Read an RLE file that holds cells from the first to the last row and column of the torus."""
    header, *body = path.read_text().splitlines()
    assert header.startswith(f"x = {width}, y = {height},"), "the pattern leaves a margin, so its place is not known"
    cells = np.zeros((height, width), np.uint8)
    y = x = 0
    for count, kind in re.findall(r"(\d*)([bo$!])", "".join(body)):
        n = int(count or 1)
        if kind == "$":
            y, x = y + n, 0
        else:
            cells[y, x : x + n] = kind == "o"
            x += n
    return cells


def run_golly(cells: Cells, rule: str, n_generations: int, algorithm: str, after: Path) -> None:
    write_rle(after.with_name("before.rle"), cells, rule)
    command = [str(BGOLLY), "-q", "-q", "-a", algorithm, "-m", str(n_generations), "-o", after.name, "before.rle"]
    subprocess.run(command, cwd=after.parent, capture_output=True, check=True, timeout=60)


def golly(cells: Cells, rule: str, n_generations: int, folder: Path) -> Cells:
    """Let Golly run a board with the one of its algorithms whose patterns can be written as macrocells."""
    run_golly(cells, rule, n_generations, "HashLife", folder / "after.mc")
    return read_macrocell(folder / "after.mc", *cells.shape)


def golly_by_quicklife(cells: Cells, rule: str, n_generations: int, folder: Path) -> Cells:
    """Let Golly run a board with the one of its algorithms that has B0 without S8."""
    run_golly(cells, rule, n_generations, "QuickLife", folder / "after.rle")
    return read_rle(folder / "after.rle", *cells.shape)


def pack(cells: Cells) -> Cells:
    return np.packbits(cells[None], axis=-1, bitorder="little")


def unpack(boards: Cells, width: int) -> Cells:
    return np.unpackbits(boards, axis=-1, count=width, bitorder="little")[0]


def step(kernel: ModuleType, cells: Cells, rule: str, n_generations: int) -> Cells:
    width = cells.shape[1]
    return unpack(kernel.step(pack(cells), width, Rule.parse(rule), n_generations), width)


def soup(height: int, width: int, seed: int, density: float = 0.5) -> Cells:
    return (np.random.default_rng(seed).random((height, width)) < density).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_files_bring_a_board_to_golly_and_back(size: tuple[int, int], tmp_path: Path) -> None:
    """Without this, a shifted or mirrored board could pass for the right one."""
    for seed, density in enumerate((0.5, 0.01, 0.99)):
        cells = soup(*size, seed, density)
        np.testing.assert_array_equal(golly(cells, "B3/S23", 0, tmp_path), cells)


def check_soups(kernel: ModuleType, rule: str, folder: Path) -> None:
    for seed, size in enumerate(SIZES):
        cells = soup(*size, seed, density=0.4)
        for n_generations in (1, 2, 50):
            wanted = golly(cells, rule, n_generations, folder)
            np.testing.assert_array_equal(step(kernel, cells, rule, n_generations), wanted)


@with_kernel(COMPILED, RULES)
def test_soups(kernel: ModuleType, rule: str, tmp_path: Path) -> None:
    check_soups(kernel, rule, tmp_path)


@pytest.mark.slow
@with_kernel([rule for rule in RULES if rule not in COMPILED], [])
def test_soups_under_the_other_rules_compiled(kernel: ModuleType, rule: str, tmp_path: Path) -> None:
    check_soups(kernel, rule, tmp_path)


def test_soups_by_the_other_algorithm(tmp_path: Path) -> None:
    for seed, rule in enumerate(COMPILED):
        cells = soup(50, 70, seed)
        np.testing.assert_array_equal(step(cpu, cells, rule, 5), golly_by_quicklife(cells, rule, 5, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_soups_under_rules_at_random(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    rule = str(Rule(int(random.integers(256)) << 1, int(random.integers(512))))
    height, width = (int(side) for side in random.integers(8, 200, 2))
    cells = soup(height, width, seed, random.random())
    n_generations = int(random.integers(1, 100))
    wanted = golly(cells, rule, n_generations, tmp_path)
    for kernel in (cpu, reference) if seed < 8 else (reference,):
        np.testing.assert_array_equal(step(kernel, cells, rule, n_generations), wanted)


@with_kernel(["B03/S23"], STROBING)
def test_rules_with_b0_and_without_s8(kernel: ModuleType, rule: str, tmp_path: Path) -> None:
    """Empty space would be alive every other generation; Golly shows the complement in the odd ones."""
    cells = soup(37, 129, seed=3)
    for n_generations in (1, 2, 7, 20):
        shown = golly_by_quicklife(cells, rule, n_generations, tmp_path)
        wanted = 1 - shown if n_generations % 2 else shown
        np.testing.assert_array_equal(step(kernel, cells, rule, n_generations), wanted)


@with_kernel(["B0123478/S34678", "B0157/S0458"], INVERTED)
def test_rules_with_b0_and_s8(kernel: ModuleType, rule: str, tmp_path: Path) -> None:
    """Empty space would stay alive for ever; Golly takes the pattern and shows it with dead and alive exchanged."""
    cells = soup(37, 129, seed=4)
    for n_generations in (1, 2, 7, 20):
        wanted = 1 - golly(cells, rule, n_generations, tmp_path)
        np.testing.assert_array_equal(step(kernel, 1 - cells, rule, n_generations), wanted)


@pytest.mark.parametrize("size", [(64, 64), (48, 100), (33, 65)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("rule", COMPILED)
def test_ash_is_first_reached_at_settle_and_returns_after_period(
    rule: str, size: tuple[int, int], tmp_path: Path
) -> None:
    n_settled = 0
    for seed in range(3):
        cells = soup(*size, seed, density=0.3)
        settled = cpu.settle(pack(cells), size[1], (Rule.parse(rule),), np.zeros(1, np.uint8), 30_000)
        settle, period = int(settled.settle[0]), int(settled.period[0])
        if settle < 0:
            continue
        n_settled += 1
        ash = unpack(settled.ash, size[1])
        np.testing.assert_array_equal(golly(cells, rule, settle, tmp_path), ash)
        np.testing.assert_array_equal(golly(ash, rule, period, tmp_path), ash)
        for n_generations in {period // prime for prime in range(2, 30) if period % prime == 0}:
            assert (golly(ash, rule, n_generations, tmp_path) != ash).any(), "the period is shorter"
        if settle:
            before = golly(cells, rule, settle - 1, tmp_path)
            assert (golly(before, rule, period, tmp_path) != before).any(), "it settled earlier"
    assert n_settled
