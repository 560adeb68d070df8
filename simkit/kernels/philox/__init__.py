"""Philox4x32-10: counter-based random numbers, a pure function of (seed, row, stream, position).

Every backend module has four functions.

``words(seed, rows, stream, n_words) -> uint32, shape (row, n_words)``
    Word ``i`` of a row is output ``i % 4`` of the block with

    * key      ``(seed mod 2**32, seed >> 32)``
    * counter  ``(i // 4, row mod 2**32, row >> 32, stream)``

``bits(seed, rows, stream, n_words, threshold) -> uint32, shape (row, n_words)``
    Independent bits that are 1 with probability ``threshold / 2**32`` exactly, 32 to a word. Each bit compares an
    integer, given one binary digit at a time, with `threshold`: digit ``j`` (31 = the highest) of the bits in
    word ``i`` is word ``(31 - j) * 4 * ceil(n_words / 4) + i`` of the row. Digits below the lowest set bit of
    `threshold` decide nothing and are not drawn, so that a fair bit costs one random bit.

``normals(seed, rows, stream, n) -> float64, shape (row, n)``
    Independent standard normal numbers: number ``j`` of a row is the quantile of its words ``2 * j`` (low) and
    ``2 * j + 1`` (high).

``quantiles(numbers) -> float64, shape (number,)``
    The quantile of the standard normal distribution at ``(numbers + 1/2) / 2**64``, for uint64 numbers, with a relative
    error below 1e-15. It has the same bits on all backends, being made of sums, products, quotients and square roots.
    The largest is 9.155, at 2**64 - 1, and ``quantiles(~numbers)`` is ``-quantiles(numbers)``. So the mean is 0
    exactly, and the tails have as many digits as the middle: near 0, steps are 2.5 / 2**64.

Arguments: `seed` 0..2**64-1; `rows` uint64 of shape (row,); `stream` 0..2**32-1, one for each use that must be
independent of the others; `n_words` up to 2**27, `n` up to 2**26; `threshold` 0..2**32.

Sources: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011);
M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988) 477.
"""

from __future__ import annotations

from simkit.backends import Kernel

KERNEL = Kernel("philox", ("cuda", "cpu", "reference"))

#: multipliers and key increments of the paper (table 2 and section 4)
MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
N_ROUNDS = 10

#: binary digits of a threshold
N_DIGITS = 32

#: quantiles by AS 241, PPND16: for |p - 1/2| up to this, and else for r = sqrt(-log(min(p, 1 - p))) up to this
CENTRAL, NEAR = 0.425, 5.0

#: what is subtracted from r near and beyond
NEAR_ORIGIN, FAR_ORIGIN = 1.6, 5.0

#: numerators and denominators of the three rational functions, lowest power first
CENTRAL_ABOVE = (
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
)  # fmt: skip
CENTRAL_BELOW = (
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
)  # fmt: skip
NEAR_ABOVE = (
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
)  # fmt: skip
NEAR_BELOW = (
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
)  # fmt: skip
FAR_ABOVE = (
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
FAR_BELOW = (
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
)  # fmt: skip
