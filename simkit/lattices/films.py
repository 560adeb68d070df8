"""Scenes of films: what the lattices do, chosen for looking at, computed frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simkit import registry
from simkit.backends import AUTO, Kernels
from simkit.errors import ParameterError, UnknownNameError
from simkit.figures.picture import Axis, Curves, Film, Frame
from simkit.kernels import lattice, philox
from simkit.kernels.lattice import SITES, UP, layout, states
from simkit.lattices import colours, ising, magic, thermometry
from simkit.lattices.lattice_run import draw_spins, draw_words

U8 = npt.NDArray[np.uint8]

#: beta of the walls in the phase transition, first and last, in units of the critical one
_HOT, _COLD = 1 / 1.5, 1 / 0.9

#: frames of a film of a run, and samples of each in the phase transition, the later half of which are averaged
_FRAMES, _SAMPLES = 150, 40


def phase_transition(seed: int = 0, *, n_frames: int = _FRAMES, n_steps: int = 8000, backend: str = AUTO) -> Film:
    """Return the scene of spins that are cooled through the critical point by gas between thermal walls.

    `n_steps` a frame, a multiple of 40; the spins tell their temperature by themselves, from those with 1 and 3
    unsatisfied bonds.
    """
    on = Kernels.load((philox.KERNEL, lattice.KERNEL), backend)
    height, bath, depth = 128, 8, 112
    columns = layout.sandwich(bath, depth)
    is_spin = np.isin(columns, (states.ISING, states.INTERFACE))
    n_words = height // 64

    def frames() -> Iterator[Frame]:
        kinds = np.broadcast_to(columns, (height, len(columns)))
        fraction = ising.unsatisfied(_HOT * ising.CRITICAL_BETA)
        spins = np.zeros(kinds.shape, np.uint8)
        spins[:, is_spin] = draw_spins(on, seed, 0, 0, (height, depth), fraction)
        cells = layout.fill(kinds, 0, spins)
        for frame in range(n_frames):
            share = min(1.0, frame / (0.9 * n_frames))
            beta = (_HOT + (_COLD - _HOT) * share) * ising.CRITICAL_BETA
            drive = np.empty((n_steps, 2, n_words), np.uint64)
            for wall in range(2):
                stream = 1 + 2 * frame + wall
                drawn = draw_words(on, seed, 0, stream, 2 * n_words * n_steps, 1 / (1 + np.exp(beta)))
                drive[:, wall] = drawn.view("<u8").reshape(n_steps, n_words)
            there = on.lattice.run(
                cells, n_steps, every=n_steps // _SAMPLES, regions=is_spin.astype(np.int64), start=frame * n_steps,
                drive=drive,
            )  # fmt: skip
            cells = there.cells
            late = there.census[_SAMPLES // 2 :, 1]
            measured = float(thermometry.spins(late[:, SITES].sum(axis=0))[0])
            temperature = ising.CRITICAL_BETA / measured if measured > 0 else np.inf
            order = abs(2 * float(late[:, UP].mean()) / (height * depth) - 1)
            walls = ising.CRITICAL_BETA / beta
            caption = f"walls {walls:.2f} Tc · spins {temperature:.2f} Tc · magnetisation {order:.2f}"
            pause = 1500 if frame == n_frames - 1 else 80
            yield Frame([cells], caption, pause, x=temperature, ys=[order])

    exact = tuple((t, ising.magnetisation(ising.CRITICAL_BETA / t)) for t in np.linspace(0.9, 1.5, 121).tolist())
    return Film(
        "Ising spins cooled through Tc by an HPP gas",
        ("gas | spins | gas, between thermal walls",),
        colours.CELLS,
        n_frames,
        frames,
        colours.legend,
        curves=Curves(
            Axis("temperature of the spins / Tc", 1.5, 0.9),
            Axis("|magnetisation|", 0.0, 1.25),
            ("measured", "exact, infinite lattice"),
            exact,
        ),
    )


def two_boxes(seed: int = 0, *, n_frames: int = _FRAMES, n_steps: int = 20, backend: str = AUTO) -> Film:
    """Return the scene of two boxes of gas, a dense and a thin one, that come to the same density and temperature."""
    height, box = 128, 96
    source = registry.source(
        "hpp", height=height, box=box, opening=12, strip=16, left=(0.45,), right=(0.05,),
        steps=n_steps * n_frames,
        every=n_steps, snapshots=n_frames,
    )  # fmt: skip

    def frames() -> Iterator[Frame]:
        row = {name: values[0] for name, values in source.generate(seed, range(1), backend=backend).items()}
        for frame in range(n_frames):
            packets = row["packets"][frame + 1].sum(axis=(1, 2)).reshape(2, -1).sum(axis=1)
            left, right = (packets / (4 * height * box)).tolist()
            # temperature in packets; an empty box has none, and that of a full one is negative
            hot, cold = (1 / beta if beta else np.inf for beta in row["beta"][frame + 1].tolist())
            gained = row["entropy"][frame + 1] - row["entropy"][0]
            caption = f"step {(frame + 1) * n_steps:,} · T {hot:.2f} and {cold:.2f} packets · entropy +{gained:,.0f}"
            pause = 1500 if frame == n_frames - 1 else 70
            yield Frame([row["cells"][frame]], caption, pause, x=(frame + 1) * n_steps, ys=[left, right])

    return Film(
        "Two boxes of HPP gas come to equilibrium",
        ("dense and thin, an opening between them",),
        colours.CELLS,
        n_frames,
        frames,
        colours.legend,
        curves=Curves(
            Axis("step", 0.0, float(n_frames * n_steps)), Axis("density", 0.0, 0.6), ("left box", "right box")
        ),
    )


def magic_state(start: U8, n_steps: int, *, backend: str = AUTO) -> Film:
    """Return the scene of the magic state that goes back to `start`, beside the same with one packet changed."""
    backend = lattice.KERNEL.resolve(backend)
    times = magic.moments(n_steps)
    reach = float(np.cbrt(n_steps))
    names = "magic state", "one packet changed"

    def frames() -> Iterator[Frame]:
        state = magic.conceal(start, n_steps, backend=backend)
        both = (magic.visit(cells, times, backend=backend) for cells in (state, magic.flip_one(state)))
        for time, boards in zip(times, zip(*both, strict=True), strict=True):
            entropies = [magic.entropy(cells) / state.size for cells in boards]
            caption = f"step {time:,} · entropy {entropies[0]:.2f} and {entropies[1]:.2f} nats per cell"
            pause = 2500 if time == n_steps else 600 if time == 0 else 1500 if time == times[-1] else 80
            yield Frame(list(boards), caption, pause, x=float(np.cbrt(time - n_steps)), ys=entropies)

    return Film(
        "A magic state: entropy falls by itself",
        names,
        colours.CELLS,
        len(times),
        frames,
        colours.legend,
        curves=Curves(
            Axis("steps from the picture (cube root)", -reach, reach, (f"-{n_steps:,}", f"+{n_steps:,}")),
            Axis("entropy, nats per cell", 0.0, 2.5),
            names,
        ),
    )


#: name -> what it shows
SCENES = {
    "phase-transition": "spins cooled through the critical point by a gas",
    "two-boxes": "a dense and a thin gas that come to equilibrium",
    "magic": "disorder that becomes a picture, and what one packet does to it",
}


#: scenes of a run in 150 frames -> what makes them, and what the steps of the whole film are a multiple of
_RUNS = {"phase-transition": (phase_transition, _SAMPLES * _FRAMES), "two-boxes": (two_boxes, _FRAMES)}


def scene(
    name: str, seed: int = 0, start: U8 | None = None, n_steps: int | None = None, *, backend: str = AUTO
) -> Film:
    """Return a scene by its name.

    Parameters
    ----------
    name : str
        One of SCENES.
    seed : int
        Of the scenes whose start is drawn.
    start : uint8 (y, x)
        What ``magic`` becomes (`simkit.lattices.magic.draw`).
    n_steps : int, optional
        Steps to the picture, or those of the whole film; as many as show it well if not given.

    Raises
    ------
    UnknownNameError
        If there is no such scene.
    ParameterError
        If the steps cannot be shared out to its frames, or are too many.
    """
    UnknownNameError.check("scene", name, SCENES)
    if n_steps is not None:
        magic.check_steps(n_steps)
    if name not in _RUNS:
        if start is None:
            raise ParameterError("the scene magic needs a start, the picture that it becomes")
        return magic_state(start, 20_000 if n_steps is None else n_steps, backend=backend)
    make, multiple = _RUNS[name]
    if n_steps is None:
        return make(seed, backend=backend)
    if n_steps < 1 or n_steps % multiple:
        raise ParameterError(
            f"{name} takes steps that its {_FRAMES} frames can share, a multiple of {multiple:,}; this is {n_steps:,}"
        )
    return make(seed, n_steps=n_steps // _FRAMES, backend=backend)
