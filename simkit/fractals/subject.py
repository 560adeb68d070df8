"""What a picture is of: numbers, a row of a data set, or a preset; and a view of it, if none is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError, show
from simkit.fractals.certificate import Certificate, regions
from simkit.fractals.maps import F64, check, parse, text
from simkit.fractals.palettes import Exposure
from simkit.fractals.presets import FOUND, PRESETS, preset
from simkit.fractals.quartic import length
from simkit.fractals.render import Look
from simkit.fractals.scene import Scene
from simkit.fractals.view import View
from simkit.kernels.basin import KERNEL as BASIN
from simkit.kernels.escape import CONVERGED, CONVERGED_HEURISTIC, KERNEL, UNDECIDED, Regions

if TYPE_CHECKING:
    from simkit.store import Store

#: what `scene` and `render` compute with
KERNELS = (KERNEL, BASIN)

#: rows of a data set that are taken where none are named
_N_ROWS = 12

#: iterations where nobody says how many
MAX_ITERATIONS = 1000

#: how a view is looked for: how often, at how many pixels a side, by how many iterations, and with how much room
_ROUNDS, _SIDE, _FEW, _MARGIN = 4, 96, 200, 1.25

#: regions of a map of which nothing is known yet
_NOWHERE = Regions(
    np.full((1, 1, 5), np.nan), np.full(1, np.inf), np.full((1, 4), np.nan), np.full(1, np.inf), np.zeros(1, bool)
)


@dataclass(frozen=True)
class Subject:
    """A map with a name, and how it is usually shown.

    Attributes
    ----------
    name : str
    quadratic : float64 (2, 6)
    square : View or None
        A square that pictures of any shape show whole, given as a view; None where it has to be looked for.
    max_iterations : int
    look : Look
    """

    name: str
    quadratic: F64
    square: View | None = None
    max_iterations: int = MAX_ITERATIONS
    look: Look = field(default_factory=Look)

    @property
    def numbers(self) -> str:
        """The map as `simkit.fractals.maps.parse` reads it."""
        return text(self.quadratic)


def subject(what: str, row: int | None = None) -> Subject:
    """Return what a text means.

    With a comma it is the numbers of a map. A path that exists, an address, or what ends in .zarr is a data set with
    maps, of which `row` (0 if not given) is taken. All else is the name of a preset.

    Raises
    ------
    ParameterError
        If the numbers are no map, the data set has none, or a row was given of what is no data set.
    UnknownNameError
        If there is no such preset.
    StoreError
        If the data set cannot be read.
    """
    if _is_path(what):
        from simkit.store import open_store

        return _of_store(open_store(what), [row or 0])[0]
    if row is not None:
        raise ParameterError(f"a row is of a data set, and {show(what)} is none; leave it out")
    if "," in what:
        return Subject("map", parse(what))
    if what not in PRESETS:
        near = UnknownNameError.of("preset", what, PRESETS)
        raise UnknownNameError(f"{near} (a map is 10 or 12 numbers with commas, and a data set a path that exists)")
    found = preset(what)
    square = View(*map(Decimal, found.square))
    return Subject(what, found.quadratic, square, found.max_iterations, Look(found.palette))


def subjects(what: Sequence[str], rows: Sequence[int] | None = None) -> list[Subject]:
    """Return what several texts mean, or the presets `FOUND`; of a data set `rows`, or its first twelve.

    Raises
    ------
    ParameterError, UnknownNameError, StoreError
        As `subject`; ParameterError also if rows are named and no data set is.
    """
    found: list[Subject] = []
    for text_ in what or FOUND:
        if _is_path(text_):
            from simkit.store import open_store

            store = open_store(text_)
            found += _of_store(store, range(min(_N_ROWS, store.layout.n_rows)) if rows is None else rows)
        else:
            found.append(subject(text_))
    if rows is not None and not any(map(_is_path, what)):
        raise ParameterError("rows are of a data set, and none is named; leave them out")
    return found


def _is_path(what: str) -> bool:
    """Return whether a text means a data set."""
    return "://" in what or what.rstrip("/").endswith(".zarr") or ("," not in what and Path(what).exists())


def _of_store(store: Store, rows: Sequence[int]) -> list[Subject]:
    """Return rows of a data set, by its field of maps."""
    name = next((name for name, of in store.schema.items() if of.dtype == "float64" and of.shape == (2, 6)), None)
    if name is None:
        raise ParameterError(f"{store.path} has no field of maps, float64 of shape (2, 6), to draw")
    quadratics = store[name][[store.check_row(row) for row in rows]]
    return [
        Subject(f"{Path(store.name).stem}-{row}", check(quadratic))
        for row, quadratic in zip(rows, quadratics, strict=True)
    ]


def scene(
    of: Subject,
    on: Kernels,
    shape: tuple[int, int],
    *,
    centre: tuple[Decimal, Decimal] | None = None,
    width: Decimal | None = None,
    zoom: Decimal | None = None,
    max_iterations: int | None = None,
    precision: str = "float64",
) -> tuple[Scene, Certificate]:
    """Return the scene of a subject: its own view, or one that holds all that does not escape, with what is asked for.

    Parameters
    ----------
    of : Subject
    on : Kernels
        Of `KERNELS`.
    shape : (height, width)
    centre, width
        Of the view, instead of its own.
    zoom
        How much narrower the view becomes then.
    max_iterations
        Instead of the subject's.
    precision : str
        As `Scene` has it.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    n_iterations = of.max_iterations if max_iterations is None else max_iterations

    def at(square: View) -> View:
        whole = square.width * max(Decimal(1), Decimal(shape[1]) / Decimal(max(1, shape[0])))
        seen = View(*(centre or (square.x, square.y)), whole if width is None else width)
        return seen if zoom is None else seen.zoomed(zoom)

    # what can be wrong is found before anything is computed
    square = of.square or View(Decimal(0), Decimal(0), Decimal(1))
    Scene(of.quadratic, _NOWHERE, at(square), shape, n_iterations, precision)
    of_orbits = "float64" if precision == "float64" else "float32"  # "auto" may take either
    found, (certificate,) = regions(of.quadratic[None], on, precision=of_orbits)
    if of.square is None:
        square = framed(of.quadratic, found, certificate, on)
    return Scene(of.quadratic, found, at(square), shape, n_iterations, precision), certificate


def framed(quadratic: F64, of: Regions, certificate: Certificate, on: Kernels) -> View:
    """Return a square that holds all points which do not escape, with some room; numbers of few digits."""
    reach = 2.0 * min(float(length(quadratic[None])[0]) * 4, certificate.radius)
    x = y = 0.0
    for _ in range(_ROUNDS):
        step = reach / _SIDE
        window = np.array([[x - reach / 2 + step / 2, y - reach / 2 + step / 2, step, step]])
        found = on.escape.escape(quadratic[None], window, (_SIDE, _SIDE), of, _FEW, "float64")
        classes = on.to_host(found.classes)[0]
        rows, columns = np.nonzero(np.isin(classes, (UNDECIDED, CONVERGED, CONVERGED_HEURISTIC)))
        if not len(rows):
            break
        left, right, low, high = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        x, y = x + ((left + right) / 2 - _SIDE / 2) * step, y + ((low + high) / 2 - _SIDE / 2) * step
        reach = max(right - left, high - low, 4) * step * _MARGIN
    return View(*(Decimal(f"{number:.3g}") for number in (x, y, reach)))


def command(of: Scene, look: Look, exposure: Exposure) -> str:
    """Return the command line that draws a picture again."""
    (c0, c1), (e0, e1) = exposure
    return (
        f"simkit fractal render {text(of.quadratic)} --center {of.view.x},{of.view.y} --width {of.view.width} "
        f"--size {of.shape[1]}x{of.shape[0]} --iterations {of.max_iterations} --precision {of.precision} "
        f"--palette {look.palette} --supersample {look.supersample} --{'' if look.is_median else 'no-'}median "
        f"--exposure {c0:.15g},{c1:.15g},{e0:.15g},{e1:.15g}"
    )
