/* Life, B3/S23, on a torus of 128 x 128 cells, with AVX-512.

   The rows are cut into eight bands of 16, one a lane. The cells of even x of a row make one 64-bit word and those of
   odd x another: then two of the four left and right neighbours of the two words are words as they are, and the other
   two are rotated by a bit. So a row of all bands is two vectors and the board is 32. A generation costs each of them
   eight vpternlogq and one rotation of bits, and the whole board eight rotations of lanes. The sums of three rows stay
   in registers; new rows replace old ones.

   The rule takes six nodes after the row sums, found by a SAT solver (the way over the four column sums takes seven);
   the benchmark checks the stepper against the reference.

   The newest value is the first operand wherever there is a choice: vpternlogq overwrites that one, and on Zen 4 the
   operation took up to twice the time when it was a copy of an old register. */

#include <immintrin.h>
#include <stdint.h>

enum { BAND = 16, LANES = 8, WORDS = 256 };

typedef __m512i Vector;

/* of a row, for the cells of even and of odd x */
typedef struct {
    Vector xor3[2], maj[2]; /* of the left, centre and right cell */
    Vector cells[2];
} Row;

#define INLINE static inline __attribute__((always_inline))
#define NODE(table, x, y, z) _mm512_ternarylogic_epi64(x, y, z, table)
#define XOR3(x, y, z) NODE(0x96, x, y, z)
#define MAJ(x, y, z) NODE(0xE8, x, y, z)

INLINE Row sums(const Vector *board, int v)
{
    const Vector even = board[2 * v], odd = board[2 * v + 1];
    const Vector left = _mm512_rol_epi64(odd, 1), right = _mm512_ror_epi64(even, 1);
    return (Row){{XOR3(left, even, odd), XOR3(right, even, odd)},
                 {MAJ(left, even, odd), MAJ(right, even, odd)},
                 {even, odd}};
}

/* the sums as the band after or before has them */
#define IN_BAND_AFTER(x) _mm512_alignr_epi64(x, x, 7)
#define IN_BAND_BEFORE(x) _mm512_alignr_epi64(x, x, 1)

INLINE void put(Vector *board, int v, const Row *above, const Row *here, const Row *below)
{
    for (int w = 0; w < 2; w++) {
        const Vector differ = NODE(0x7E, below->xor3[w], here->xor3[w], above->xor3[w]);
        const Vector parity = XOR3(below->xor3[w], here->xor3[w], above->xor3[w]);
        const Vector two = MAJ(below->maj[w], below->xor3[w], above->maj[w]);
        const Vector one = NODE(0x16, below->maj[w], here->maj[w], above->maj[w]);
        const Vector fits = NODE(0x5E, one, two, differ);
        board[2 * v + w] = NODE(0x0E, fits, parity, here->cells[w]);
    }
}

INLINE void generation(Vector *board)
{
    Row above = sums(board, BAND - 1), here = sums(board, 0), after_last;
    for (int w = 0; w < 2; w++) {
        above.xor3[w] = IN_BAND_AFTER(above.xor3[w]);
        above.maj[w] = IN_BAND_AFTER(above.maj[w]);
        after_last.xor3[w] = IN_BAND_BEFORE(here.xor3[w]);
        after_last.maj[w] = IN_BAND_BEFORE(here.maj[w]);
    }
#pragma GCC unroll 16
    for (int v = 0; v < BAND - 1; v++) {
        const Row below = sums(board, v + 1);
        put(board, v, &above, &here, &below);
        above = here;
        here = below;
    }
    put(board, BAND - 1, &above, &here, &after_last);
}

/* boards: n_boards times 128 rows of two words, the lowest bit of the first word at x = 0; advanced in place */
void step_boards(uint64_t *boards, long n_boards, long n_generations)
{
    const uint64_t even = 0x5555555555555555;
    _Alignas(64) uint64_t words[BAND][2][LANES];
    for (uint64_t *board = boards; board < boards + n_boards * WORDS; board += WORDS) {
        for (int y = 0; y < BAND * LANES; y++)
            for (int w = 0; w < 2; w++)
                words[y % BAND][w][y / BAND] =
                    _pext_u64(board[2 * y], even << w) | _pext_u64(board[2 * y + 1], even << w) << 32;
        for (long i = 0; i < n_generations; i++)
            generation((Vector *)words);
        for (int y = 0; y < BAND * LANES; y++)
            for (int half = 0; half < 2; half++)
                board[2 * y + half] = _pdep_u64(words[y % BAND][0][y / BAND] >> 32 * half, even) |
                                      _pdep_u64(words[y % BAND][1][y / BAND] >> 32 * half, even << 1);
    }
}
