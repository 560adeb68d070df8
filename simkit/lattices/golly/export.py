"""Rules and states of data sets as files for Golly."""

from __future__ import annotations

from simkit.errors import ParameterError, PatternError
from simkit.interchange.files import Files
from simkit.lattices.golly import AUTOMATA, pattern, rule, smallest
from simkit.lattices.magic import Demonstration
from simkit.store import Store

#: digits of a row in a file's name at least, so that a folder lists them in order
_DIGITS = 6


def rule_files() -> list[str]:
    """Return the names of the rule files."""
    return [f"{automaton.name}.rule" for automaton in AUTOMATA.values()]


def write_rules(files: Files) -> None:
    """Write all rules."""
    for automaton in AUTOMATA.values():
        files.put(f"{automaton.name}.rule", rule.write(automaton).encode())


#: files of a magic state, with what each says of it
_MAGIC = {"magic.rle": "", "flipped.rle": " But one packet was changed."}


def magic_files() -> list[str]:
    """Return the names of the files of a magic state, and of its rule."""
    return [f"{AUTOMATA['hpp-ising'].name}.rule", *_MAGIC]


def write_magic(shown: Demonstration, files: Files) -> None:
    """Write a magic state and its neighbour, and their rule."""
    automaton = AUTOMATA["hpp-ising"]
    files.put(f"{automaton.name}.rule", rule.write(automaton).encode())
    for (name, more), cells in zip(_MAGIC.items(), shown.first, strict=True):
        about = f"A magic state of simkit: look at generation {shown.n_steps}.{more}"
        files.put(name, pattern.write(automaton, cells, comments=[about]).encode())


def state_files(rows: range) -> dict[int, str]:
    """Return the name of the pattern of each row."""
    return {row: f"row-{row:0{_DIGITS}d}.rle" for row in rows}


def write_states(store: Store, rows: range, snapshot: int, files: Files) -> None:
    """Write a snapshot (from 0, or from the end with -1) of each of some rows as RLE.

    Raises
    ------
    PatternError
        If the data set has no states of lattices.
    ParameterError
        If it has no such rows or no such snapshot.
    """
    source, parameters = store.recipe["source"], store.recipe["parameters"]
    if "cells" not in store.schema or store.schema["cells"].dims != ("snapshot", "y", "x"):
        raise PatternError(
            f"{store.path} ({source}) holds no states of lattices; generate hpp-ising, ising-q2r, ising-creutz, "
            "ising-metropolis, hpp or heat-conduction with --set snapshots=1 or more"
        )
    store.check_row(rows.stop - 1)
    n = store.schema["cells"].shape[0]
    if not -n <= snapshot < n:
        raise ParameterError(f"asked for snapshot {snapshot} of {store.path}, which has {n}: 0 to {n - 1}, or -1")
    step = parameters["steps"] // n * (snapshot % n + 1)
    for row, name in state_files(rows).items():
        cells = store["cells"][row][snapshot]
        automaton = AUTOMATA["creutz"] if source == "ising-creutz" else smallest(cells)
        about = [
            f"Row {row} of {store.name}: {source} version {store.recipe['version']}, seed {store.recipe['seed']}.",
            f"Step {step} of {parameters['steps']}.",
        ]
        if source == "heat-conduction":
            about.append("In Golly the thermal walls are mirrors: the system is closed.")
        if source == "ising-metropolis":
            about.append("In Golly the spins go on under Q2R: reversibly, and at the energy that they have.")
        files.put(name, pattern.write(automaton, cells, comments=about).encode())
