"""Between cells, one byte each, and the bit planes of stacks (see `planes`).

Each byte is read or written once; of temporaries there are a few KB. Octets are 8 bits of a column, one from each of
eight rows of cells, of many columns side by side: so bits are moved in vectors of bytes.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice.planes import CODE, row

#: columns that are done together
_CHUNK = 1024

#: bits of a cell that are packed, at most
_MOST_BITS = 4

#: side of the squares that are transposed one by one
_TILE = 64


@nb.njit(nogil=True, cache=True)
@stamped
def follows(cells, least, most, watched, wanted, _code=CODE):
    """Say of cells (y, x) whether each, less ``least[x]``, is at most ``most[x]``, and its bits `watched` as `wanted`.

    `least`, `most` and `watched` are uint8 (x,), `wanted` is uint8 (2, x), for even and odd y.
    """
    for y in range(cells.shape[0]):
        line, here, wrong = cells[y], wanted[y & 1], np.uint8(0)
        for x in range(cells.shape[1]):
            value = np.uint8(line[x] - least[x])
            wrong |= np.uint8(value > most[x]) | np.uint8((value ^ here[x]) & watched[x])
        if wrong:
            return False
    return True


@nb.njit
def _octets(cells, least, x, n, first, apart, mask, octets):
    """Gather the bit in `mask` of ``cells - least`` of `n` columns from eight rows: `first`, and each `apart` rows on.

    Rows beyond the last one stand for it.
    """
    width, to = cells.shape[1], octets[:n]
    last, flat, low = (cells.shape[0] - 1) * width, cells.reshape(-1), least[x : x + n]
    rows_0, rows_1 = flat[x + min(first * width, last) :], flat[x + min((first + apart) * width, last) :]
    rows_2, rows_3 = (
        flat[x + min((first + 2 * apart) * width, last) :],
        flat[x + min((first + 3 * apart) * width, last) :],
    )
    rows_4, rows_5 = (
        flat[x + min((first + 4 * apart) * width, last) :],
        flat[x + min((first + 5 * apart) * width, last) :],
    )
    rows_6, rows_7 = (
        flat[x + min((first + 6 * apart) * width, last) :],
        flat[x + min((first + 7 * apart) * width, last) :],
    )
    for i in range(n):
        # selecting instead of shifting, which LLVM does with vectors of bytes
        octet = np.uint8(1) if np.uint8(rows_0[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(2) if np.uint8(rows_1[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(4) if np.uint8(rows_2[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(8) if np.uint8(rows_3[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(16) if np.uint8(rows_4[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(32) if np.uint8(rows_5[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(64) if np.uint8(rows_6[i] - low[i]) & mask else np.uint8(0)
        octet |= np.uint8(128) if np.uint8(rows_7[i] - low[i]) & mask else np.uint8(0)
        to[i] = octet


@nb.njit
def _join(octets, n, words):
    """Set the first `n` words to octets, uint8 (8, column)."""
    a, b, c, d, e, f, g, h = octets[0], octets[1], octets[2], octets[3], octets[4], octets[5], octets[6], octets[7]
    for i in range(n):
        words[i] = (
            np.uint64(a[i])
            | np.uint64(b[i]) << np.uint64(8)
            | np.uint64(c[i]) << np.uint64(16)
            | np.uint64(d[i]) << np.uint64(24)
            | np.uint64(e[i]) << np.uint64(32)
            | np.uint64(f[i]) << np.uint64(40)
            | np.uint64(g[i]) << np.uint64(48)
            | np.uint64(h[i]) << np.uint64(56)
        )


@nb.njit
def _words(room, at, plane, w, i, n):
    """Return the words of columns `i`, ``i + 2``, ... below ``i + n`` of spins, which are of one colour."""
    begin = row(at, plane + (i + w) % 2, w) + i // 2
    return room[begin : begin + (n + 1) // 2]


@nb.njit(nogil=True, cache=True)
@stamped
def pack(cells, least, room, at, plane, first, n_bits, is_coloured, _code=CODE):
    """Put bits 0, 1, ... of ``cells - least`` of a segment into planes `plane`, ``plane + 1``, ...

    Its columns are those from `first` on, round the torus. If they are coloured, each bit has two planes.
    """
    width, n_columns = cells.shape[1], at.n * (1 + is_coloured)
    octets, words = np.empty((n_bits, 8, _CHUNK), np.uint8), np.empty(_CHUNK, np.uint64)
    for w in range(at.n_rows):
        i = 0
        while i < n_columns:
            x = (first + i) % width
            n = min(_CHUNK, n_columns - i, width - x)
            for k in range(8):
                for bit in range(n_bits):
                    mask = np.uint8(1 << bit)
                    _octets(cells, least, x, n, w + 8 * k * at.n_rows, at.n_rows, mask, octets[bit, k])
            for bit in range(n_bits):
                if is_coloured:
                    _join(octets[bit], n, words)
                    for start in range(min(2, n)):
                        to = _words(room, at, plane + 2 * bit, w, i + start, n - start)
                        for j in range(len(to)):
                            to[j] = words[start + 2 * j]
                else:
                    begin = row(at, plane + bit, w) + i
                    _join(octets[bit], n, room[begin : begin + n])
            i += n


@nb.njit(nogil=True, cache=True)
@stamped
def unpack(room, at, plane, first, n_bits, is_coloured, base, cells, _code=CODE):
    """Set the cells of a segment to ``base[y % 2, x]`` and the bits that `pack` put into planes."""
    width, n_columns = cells.shape[1], at.n * (1 + is_coloured)
    words, octets = np.empty((n_bits, _CHUNK), np.uint64), np.zeros((_MOST_BITS, _CHUNK), np.uint8)
    for w in range(at.n_rows):
        i = 0
        while i < n_columns:
            x = (first + i) % width
            n = min(_CHUNK, n_columns - i, width - x)
            for bit in range(n_bits):
                if is_coloured:
                    for start in range(min(2, n)):
                        of = _words(room, at, plane + 2 * bit, w, i + start, n - start)
                        for j in range(len(of)):
                            words[bit, start + 2 * j] = of[j]
                else:
                    begin = row(at, plane + bit, w) + i
                    words[bit, :n] = room[begin : begin + n]
            for k in range(8):
                first_y = w + 8 * k * at.n_rows
                if first_y >= at.height:
                    break
                for bit in range(n_bits):
                    of, to = words[bit], octets[bit]
                    for q in range(n):
                        to[q] = np.uint8(of[q] >> np.uint64(8 * k))
                for b in range(8):
                    y = first_y + b * at.n_rows
                    if y >= at.height:
                        break
                    _add(octets, np.uint8(1 << b), base[w & 1, x : x + n], cells[y, x : x + n])
            i += n


@nb.njit
def _add(octets, mask, base, line):
    """Set a line to `base` and the bits in `mask` of the octets of each bit."""
    zero, ones, twos, fours, eights = np.uint8(0), octets[0], octets[1], octets[2], octets[3]
    for i in range(len(line)):
        value = np.uint8(1) if ones[i] & mask else zero
        value |= np.uint8(2) if twos[i] & mask else zero
        value |= np.uint8(4) if fours[i] & mask else zero
        value |= np.uint8(8) if eights[i] & mask else zero
        line[i] = np.uint8(base[i] + value)


@nb.njit(nogil=True, cache=True)
@stamped
def column(cells, x, table, n_rows, _code=CODE):
    """Return the bits ``table[cells[:, x]]`` as words, uint64 (row,)."""
    words = np.zeros(n_rows, np.uint64)
    for y in range(cells.shape[0]):
        words[y % n_rows] |= np.uint64(table[cells[y, x]]) << np.uint64(y // n_rows)
    return words


@nb.njit(nogil=True, cache=True)
@stamped
def add_column(cells, x, words, bit, _code=CODE):
    """Add to the cells of a column the bits in `words`, as their bit `bit`."""
    n_rows = len(words)
    for y in range(cells.shape[0]):
        cells[y, x] += np.uint8((words[y % n_rows] >> np.uint64(y // n_rows) & np.uint64(1)) << np.uint64(bit))


@nb.njit(nogil=True, cache=True)
@stamped
def transpose(cells, table, _code=CODE):
    """Return ``table[cells]`` with rows as columns."""
    height, width = cells.shape
    turned = np.empty((width, height), np.uint8)
    tile = np.empty((_TILE, _TILE), np.uint8)  # rows that are a power of two apart would evict each other from a cache
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            n_rows, n_columns = min(_TILE, height - top), min(_TILE, width - left)
            for y in range(n_rows):
                tile[y, :n_columns] = cells[top + y, left : left + n_columns]
            for x in range(n_columns):
                line = turned[left + x, top : top + n_rows]
                for y in range(n_rows):
                    line[y] = table[tile[y, x]]
    return turned
