"""Reference orbits: one point of a deep view, iterated with as many digits as the view needs."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from threading import Lock

import numpy as np
import numpy.typing as npt

from simkit.kernels.escape import END, HUGE, RESOLVED, bend

F64 = npt.NDArray[np.float64]

#: digits beyond those that tell pixels apart
_SPARE_DIGITS = 20

#: a part of a coordinate from which on float64 shows what is apart, and the smallest image of a pixel that is followed
_SEEN, _SMALLEST = 1e-20, 1e-270

#: held while an orbit grows: of all orbits, since the interpreter computes one at a time
_extending = Lock()


class ReferenceOrbit:
    """The orbit of a point, as the kernel `escape` takes it; it becomes longer when asked.

    Rounding moves a state at every step by the last digit of the terms that it is made of, and that error grows from
    there on as the image of a pixel does, the side times the derivative of the iterated map (or, where that is larger,
    what is left in second order). So it must be small beside that image, wherever the image is smallest: where the
    orbit passes by a critical point, that is far less than the side. While images are too small to be seen in float64,
    it is enough that the error is not seen either.

    Parameters
    ----------
    quadratic : float64 (2, 6)
        The map.
    x, y : Decimal
        The point.
    side : Decimal
        Of a pixel.

    Attributes
    ----------
    states : float64 (t, 6)
        States and derivatives, each rounded from all digits: x, y, xx, xy, yx, yy.
    is_ended : bool
        Whether the last state is beyond END, so that no other follows.
    digits : int
        Significant digits of the computation.
    """

    def __init__(self, quadratic: F64, x: Decimal, y: Decimal, side: Decimal) -> None:
        self._quadratic, self._start, self._side = quadratic, (x, y), side
        self._restart(max(0, -side.adjusted()) + 2 * _SPARE_DIGITS)
        self.extend(4 * self.digits)

    def extend(self, n_states: int) -> None:
        """Compute up to a number of states, unless the orbit ends before; all anew if more digits are needed.

        Of several threads that ask for this at once, each finds at least as many states as it asked for.
        """
        with _extending:
            if self.is_ended or len(self._numbers) >= 6 * n_states:
                return
            self._iterate(n_states)
            while (digits := self._need.digits(self._numbers) + _SPARE_DIGITS) > self.digits:
                self._restart(digits + _SPARE_DIGITS)
                self._iterate(n_states)
            self.states = np.array(self._numbers).reshape(-1, 6)

    def _restart(self, digits: int) -> None:
        self.digits, self.is_ended, self._next = digits, False, self._start
        self._numbers = array("d")
        self._need = _Need(self._quadratic, float(self._side))

    def _iterate(self, n_states: int) -> None:
        (a0, a1, a2, a3, a4, a5), (b0, b1, b2, b3, b4, b5) = ([Decimal(float(c)) for c in q] for q in self._quadratic)
        with localcontext(Context(prec=self.digits)):
            x, y = self._next
            while len(self._numbers) < 6 * n_states and not self.is_ended:
                by_x = a1 + 2 * a3 * x + a4 * y, b1 + 2 * b3 * x + b4 * y
                by_y = a2 + a4 * x + 2 * a5 * y, b2 + b4 * x + 2 * b5 * y
                state = float(x), float(y), float(by_x[0]), float(by_y[0]), float(by_x[1]), float(by_y[1])
                self._numbers.extend(state)
                self.is_ended = not max(abs(state[0]), abs(state[1])) < END
                x, y = (
                    a0 + x * (a1 + a3 * x + a4 * y) + y * (a2 + a5 * y),
                    b0 + x * (b1 + b3 * x + b4 * y) + y * (b2 + b5 * y),
                )
            self._next = x, y


class _Need:
    """How many digits tell images of pixels apart along an orbit, as far as they are seen."""

    def __init__(self, quadratic: F64, side: float) -> None:
        self._constant, self._of_x, self._of_y = (float(size) for size in np.abs(quadratic[:, :3]).sum(axis=0))
        self._bend, self._size, self._image, self._at = bend(quadratic), side, (side, 0.0, 0.0, side), 0
        self._worst = self._most = 1.0

    def digits(self, numbers: Sequence[float]) -> int:
        """Return what states, six numbers each, need; those that were there the last time are passed over."""
        while self._at < len(numbers):
            x, y, xx, xy, yx, yy = numbers[self._at : self._at + 6]
            largest = max(abs(x), abs(y))
            if not _SMALLEST < self._size < RESOLVED["float64"] * max(1.0, largest) or largest >= HUGE:
                break
            seen = min(1.0, self._size / (_SEEN * largest)) if largest else 1.0
            self._most = max(self._most, self._worst * seen)
            s11, s12, s21, s22 = self._image
            image = xx * s11 + xy * s21, xx * s12 + xy * s22, yx * s11 + yy * s21, yx * s12 + yy * s22
            size, floor = sum(map(abs, image)) / 2, self._bend * self._size * self._size
            self._image = (floor, 0.0, 0.0, floor) if size < floor else image
            self._size = max(size, floor)
            terms = self._constant + self._of_x * abs(x) + self._of_y * abs(y) + self._bend * largest * largest
            self._worst = max(self._worst, terms / max(self._size, _SMALLEST))
            self._at += 6
        return math.ceil(math.log10(self._most))
