"""The reversible lattices against Golly (bgolly 3.3), which runs our rule files: bit for bit, tree and table."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from simkit.figures import ink
from simkit.kernels import lattice
from simkit.kernels.lattice import states
from simkit.kernels.lattice.cases import STACKS, random_cells, random_demons, random_stack
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, KIND, MIRROR, PINNED, VOID
from simkit.lattices import magic
from simkit.lattices.golly import AUTOMATA, pattern, rule

pytestmark = pytest.mark.skipif(
    shutil.which("bgolly") is None, reason="bgolly (Debian package golly) is not installed here"
)

KERNELS = {name: lattice.KERNEL.load(name) for name in ("reference", "cpu")}


@pytest.fixture(scope="module", params=["tree", "table"])
def rules(request, tmp_path_factory):
    """A folder of rule files with the tree or the table alone."""
    folder = tmp_path_factory.mktemp(request.param)
    for automaton in AUTOMATA.values():
        text = rule.write(automaton)
        tree, table, rest = (text.index(section) for section in ("@TREE", "@TABLE", "@COLORS"))
        kept = text[:tree] + (text[tree:table] if request.param == "tree" else text[table:rest]) + text[rest:]
        (folder / f"{automaton.name}.rule").write_text(kept)
    return folder


def golly(rules, name, cells, n_steps, folder, *, torus=True, stride=None):
    """Return what bgolly makes of cells."""
    (folder / "in.rle").write_text(pattern.write(AUTOMATA[name], cells, torus=torus))
    strides = ["-i", str(stride)] if stride else []
    command = ["bgolly", "-a", "RuleLoader", "-q", "-q", "-s", f"{rules}/", "-m", str(n_steps), *strides]
    done = subprocess.run(
        [*command, "-o", "out.rle", "in.rle"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return pattern.read((folder / "out.rle").read_text())


def cut(cells):
    """Return the smallest box with all that is not void: bgolly does not write where on the torus it lies."""
    ys, xs = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    return cells[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]


def later(name, cells, n_steps):
    """Return what both backends of the kernel make of cells."""
    runs = [kernel.run_creutz if name == "creutz" else kernel.run for kernel in KERNELS.values()]
    found = [run(cells, n_steps).cells for run in runs]
    assert np.array_equal(*found)
    return found[0]


def q2r(height, width):
    kinds = np.full((height, width), ISING)
    kinds[3:5, 2:9] = PINNED
    kinds[8, 4:7] = VOID
    return random_cells(3, height, width, kinds=kinds)


def hpp(height, width):
    kinds = np.full((height, width), GAS)
    kinds[3:5, 2:9] = MIRROR
    kinds[8, 4:7] = VOID
    return random_cells(4, height, width, kinds=kinds)


BOARDS = {
    "any kinds": ("hpp-ising", random_cells(1, 40, 54)),
    "odd gas": ("hpp", hpp(21, 33)),
    "hpp in the coupled rule": ("hpp-ising", hpp(20, 30)),
    "q2r": ("q2r", q2r(24, 38)),
    "creutz": ("creutz", random_demons(5, 26, 44)),
    "large creutz": ("creutz", random_demons(6, 128, 64)),
    **{name: ("hpp-ising", random_stack(2, columns, 16)) for name, columns in STACKS.items() if len(columns) % 2 == 0},
    "a fast stack": ("hpp-ising", random_stack(7, STACKS["sandwich"], 128)),
}


@pytest.mark.parametrize("board", BOARDS)
def test_tori(board, rules, tmp_path):
    name, cells = BOARDS[board]
    for n_steps in (1, 2, 101):
        found = golly(rules, name, cells, n_steps, tmp_path)
        expected = later(name, cells, n_steps)
        assert found.is_torus
        assert found.cells.shape == expected.shape
        if name == "creutz":
            assert np.array_equal(found.cells, expected)
        else:
            assert np.array_equal(cut(found.cells), cut(expected))


def test_many_generations_at_once(rules, tmp_path):
    name, cells = BOARDS["any kinds"]
    found = golly(rules, name, cells, 600, tmp_path, stride=300)
    assert np.array_equal(found.cells, later(name, cells, 600))


def test_a_box_in_the_void_of_the_plane(rules, tmp_path):
    kinds = np.zeros((24, 38), np.uint8)
    kinds[1:-1, 1:-1] = KIND[random_cells(9, 22, 36)]
    kinds[kinds == INTERFACE] = PINNED  # what was cut off at the rim may lack its gas
    cells = random_cells(9, *kinds.shape, kinds=kinds)
    found = golly(rules, "hpp-ising", cells, 200, tmp_path, torus=False)
    assert not found.is_torus
    assert np.array_equal(found.cells, cut(later("hpp-ising", cells, 200)))


def test_golly_brings_the_picture_of_a_magic_state_back(rules, tmp_path):
    start = magic.draw(ink.of_text("OK", 64))
    state = magic.conceal(start, 400)
    found = golly(rules, "hpp-ising", state, 400, tmp_path)
    assert np.array_equal(states.reverse(found.cells), start)
