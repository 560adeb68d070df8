/* Any Life-like rule on a torus of 128 x 128 cells, with 256-bit vectors and instructions of two inputs.

   The rows are cut into eight bands of 16, one a lane of 32 bits. Of a row word k holds the cells of x = 4 b + k, in bit b:
   then six of the eight left and right neighbours of its four words are words as they are, and two are rotated by a bit.
   A first pass adds the left, centre and right cell of every row to x + 2 m. A second one adds the sums of a row and of
   the one below it, which serves both, to those of the row above and of the row below the two. That is 18 instructions
   a vector, a half of them shared, and then the rule.

   RULE is what the compiler is told of the rule: declarations that end in that of `next`, of the live cells in the square
   s + 2 k + 4 b2 + 8 b3 and its centre c. The benchmark checks the stepper against the reference. */

#include <stdint.h>

enum { SIDE = 128, LANES = 8, BAND = SIDE / LANES, WORDS = 4 };

typedef uint32_t Vector __attribute__((vector_size(4 * LANES)));

/* of a row: its words' sums */
typedef struct {
    Vector x[WORDS], m[WORDS];
} Sums;

#define INLINE static inline __attribute__((always_inline))

/* the sums as the band after or before has them */
#define IN_BAND_AFTER(v) __builtin_shuffle(v, (Vector){7, 0, 1, 2, 3, 4, 5, 6})
#define IN_BAND_BEFORE(v) __builtin_shuffle(v, (Vector){1, 2, 3, 4, 5, 6, 7, 0})

INLINE void add_row(const Vector *row, Sums *sums)
{
    const Vector left = row[3] << 1 | row[3] >> 31, right = row[0] >> 1 | row[0] << 31;
    const Vector odd = row[0] ^ row[1], two = row[0] & row[1];
    const Vector odd_after = row[2] ^ row[3], two_after = row[2] & row[3];
    sums->x[0] = left ^ odd, sums->m[0] = two | (left & odd);
    sums->x[1] = odd ^ row[2], sums->m[1] = two | (odd & row[2]);
    sums->x[2] = row[1] ^ odd_after, sums->m[2] = two_after | (row[1] & odd_after);
    sums->x[3] = odd_after ^ right, sums->m[3] = two_after | (odd_after & right);
}

/* p: the sum of two rows; x, m: of the third */
INLINE Vector apply(Vector p0, Vector p1, Vector p2, Vector x, Vector m, Vector c)
{
    const Vector s = p0 ^ x, carry = p0 & x, half = p1 ^ m, k = half ^ carry;
    const Vector four = (p1 & m) | (half & carry), b2 = p2 ^ four, b3 = p2 & four;
    (void)b3;
    (void)c;
    RULE;
    return next;
}

INLINE void generation(Vector (*board)[WORDS])
{
    Sums row[BAND + 2];
    for (int v = 0; v < BAND; v++)
        add_row(board[v], &row[v + 1]);
    for (int k = 0; k < WORDS; k++) {
        row[0].x[k] = IN_BAND_AFTER(row[BAND].x[k]), row[0].m[k] = IN_BAND_AFTER(row[BAND].m[k]);
        row[BAND + 1].x[k] = IN_BAND_BEFORE(row[1].x[k]), row[BAND + 1].m[k] = IN_BAND_BEFORE(row[1].m[k]);
    }
    for (int v = 0; v < BAND; v += 2)
#pragma GCC unroll 4
        for (int k = 0; k < WORDS; k++) {
            const Vector x1 = row[v + 1].x[k], m1 = row[v + 1].m[k], x2 = row[v + 2].x[k], m2 = row[v + 2].m[k];
            const Vector carry = x1 & x2, half = m1 ^ m2;
            const Vector p0 = x1 ^ x2, p1 = half ^ carry, p2 = (m1 & m2) | (half & carry);
            board[v][k] = apply(p0, p1, p2, row[v].x[k], row[v].m[k], board[v][k]);
            board[v + 1][k] = apply(p0, p1, p2, row[v + 3].x[k], row[v + 3].m[k], board[v + 1][k]);
        }
}

/* boards: n_boards times 128 rows of four 32-bit words, the lowest bit of the first at x = 0; advanced in place */
void step_boards(uint32_t *boards, long n_boards, long n_generations)
{
    for (uint32_t *board = boards; board < boards + n_boards * SIDE * WORDS; board += SIDE * WORDS) {
        union {
            Vector vector[BAND][WORDS];
            uint32_t lane[BAND][WORDS][LANES];
        } all = {0};
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                all.lane[y % BAND][x % 4][y / BAND] |= (board[4 * y + x / 32] >> x % 32 & 1) << x / 4;
        for (long i = 0; i < n_generations; i++)
            generation(all.vector);
        for (int y = 0; y < SIDE; y++)
            for (int w = 0; w < WORDS; w++) {
                uint32_t word = 0;
                for (int bit = 0; bit < 32; bit++)
                    word |= (all.lane[y % BAND][bit % 4][y / BAND] >> (8 * w + bit / 4) & 1) << bit;
                board[4 * y + w] = word;
            }
    }
}
