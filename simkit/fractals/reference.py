"""Reference orbits: one point of a deep view, iterated with as many digits as the view needs."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

import numpy as np
import numpy.typing as npt

from simkit.kernels.escape import END, HUGE, RESOLVED, bend

F64 = npt.NDArray[np.float64]

#: digits beyond those that tell pixels apart
_SPARE_DIGITS = 20

#: a part of a coordinate from which on float64 shows what is apart, and the smallest image of a pixel that is followed
_SEEN, _SMALLEST = 1e-20, 1e-270


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
        """Compute up to a number of states, unless the orbit ends before; all anew if more digits are needed."""
        while True:
            self._iterate(n_states)
            digits = self._digits_needed() + _SPARE_DIGITS
            if digits <= self.digits:
                break
            self._restart(digits + _SPARE_DIGITS)
        self.states = np.array(self._rows)

    def _restart(self, digits: int) -> None:
        self.digits, self.is_ended = digits, False
        self._rows: list[tuple[float, ...]] = []
        self._next = self._start

    def _iterate(self, n_states: int) -> None:
        (a0, a1, a2, a3, a4, a5), (b0, b1, b2, b3, b4, b5) = ([Decimal(float(c)) for c in q] for q in self._quadratic)
        with localcontext(Context(prec=self.digits)):
            x, y = self._next
            while len(self._rows) < n_states and not self.is_ended:
                u, v = float(x), float(y)
                self._rows.append(
                    (
                        u,
                        v,
                        float(a1 + 2 * a3 * x + a4 * y),
                        float(a2 + a4 * x + 2 * a5 * y),
                        float(b1 + 2 * b3 * x + b4 * y),
                        float(b2 + b4 * x + 2 * b5 * y),
                    )
                )
                self.is_ended = not max(abs(u), abs(v)) < END
                x, y = (
                    a0 + x * (a1 + a3 * x + a4 * y) + y * (a2 + a5 * y),
                    b0 + x * (b1 + b3 * x + b4 * y) + y * (b2 + b5 * y),
                )
            self._next = x, y

    def _digits_needed(self) -> int:
        """Return how many digits tell images of pixels apart, as far as they are seen."""
        size, curved, constants = float(self._side), bend(self._quadratic), np.abs(self._quadratic[:, 0])
        image, worst, needed = np.eye(2) * size, 1.0, 1.0
        for x, y, *derivative in self._rows:
            largest = max(abs(x), abs(y))
            if not _SMALLEST < size < RESOLVED["float64"] * max(1.0, largest) or largest >= HUGE:
                break
            needed = max(needed, worst * min(1.0, size / (_SEEN * largest)) if largest else worst)
            linear = np.abs(self._quadratic[:, 1:3]) @ (abs(x), abs(y))
            terms = float((constants + linear).sum()) + curved * largest * largest
            image, floor = np.array(derivative).reshape(2, 2) @ image, curved * size * size
            size = float(np.abs(image).sum()) / 2
            if size < floor:
                image, size = np.eye(2) * floor, floor
            worst = max(worst, terms / max(size, _SMALLEST))
        return int(np.ceil(np.log10(needed)))
