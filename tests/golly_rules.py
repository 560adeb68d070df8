"""Golly's rule files for the tests: read and applied as its help pages say, apart from what wrote them."""

from __future__ import annotations

import re

import numpy as np


def sections(text):
    """Return the lines of each section of a .rule file."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("@"):
            name = line.split()[0]
            found[name] = []
        elif line:
            found[name].append(line)
    return found


def by_tree(lines, near):
    """Return the new state of cells, each with `near` C, N, E, S, W: uint8 (5, n)."""
    numbers = {line.split("=")[0]: int(line.split("=")[1]) for line in lines[:3]}
    nodes = [list(map(int, line.split())) for line in lines[3:]]
    assert len(nodes) == numbers["num_nodes"]
    assert numbers["num_neighbors"] == 4
    assert all(len(node) == 1 + numbers["num_states"] for node in nodes)
    children = np.array([node[1:] for node in nodes])
    depths = np.array([node[0] for node in nodes])
    c, n, e, s, w = near
    at = np.full(c.shape, len(nodes) - 1)
    for depth, values in zip((5, 4, 3, 2, 1), (n, w, e, s, c), strict=True):
        assert (depths[at] == depth).all()
        at = children[at, values]
    return at.astype(np.uint8)


def by_table(lines, near):
    """Return the same by the table: the first transition that fits, or no change."""
    assert lines[1:3] == ["neighborhood:vonNeumann", "symmetries:none"]
    n_states = int(lines[0].removeprefix("n_states:"))
    variables, left, result = {}, np.ones(near.shape[1], bool), near[0].copy()
    for line in lines[3:]:
        if match := re.fullmatch(r"var (\w+)=\{([\d,]+)\}", line):
            members = np.zeros(n_states, bool)
            members[[int(state) for state in match[2].split(",")]] = True
            variables[match[1]] = members
            continue
        *inputs, outcome = line.split(",")
        names = [name for name in inputs if name in variables]
        assert len(names) == len(set(names)), "a variable that comes twice would stand for one state"
        fits = left.copy()
        for values, name in zip(near, inputs, strict=True):
            fits &= variables[name][values] if name in variables else values == int(name)
        result[fits] = int(outcome)
        left &= ~fits
    return result


def neighbourhoods(n_states, n, seed=0):
    """Return random neighbourhoods C, N, E, S, W, uint8 (5, n), or all of them if they are no more."""
    if n_states**5 <= n:
        return np.indices((n_states,) * 5, np.uint8).reshape(5, -1)
    return np.random.default_rng(seed).integers(0, n_states, (5, n), np.uint8)


def by_reference(automaton, near):
    """Return the same by the kernel's reference: each neighbourhood as a board of 3x3."""
    patches = np.zeros((near.shape[1], 3, 3), np.uint8)
    for values, (y, x) in zip(near, ((1, 1), (0, 1), (1, 2), (2, 1), (1, 0)), strict=True):
        patches[:, y, x] = values
    return automaton.step(patches)[:, 1, 1]
