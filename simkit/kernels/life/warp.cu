// A board of 32 ROWS x 32 COLUMNS cells in the registers of one warp.
//
// Lane l holds the rows l ROWS .. l ROWS + ROWS - 1, each in COLUMNS words, and bit b of word k is the cell in column
// b COLUMNS + k. So the neighbours on the left and right of a word's cells are the words beside it, and only those of
// the first and last word are a rotation of the word at the other end, which closes the torus too. The sums of the
// rows at the border of two lanes are exchanged by shuffles. A lane reads and writes its own words of a state alone, so
// that nothing here needs a barrier.

constexpr int LANES = 32, N_WORDS = ROWS * COLUMNS;
constexpr u32 ALL = 0xFFFFFFFF;  // lanes, as the mask of a shuffle or vote

// Bits of an input word that go to one word of cells.
constexpr int SHARE = 32 / COLUMNS;

// Runs of n bits at the multiples of n COLUMNS.
__device__ constexpr u32 runs(int n) {
    u32 mask = 0;
    for (int i = 0; i < 32; i++)
        mask |= u32(i % (n * COLUMNS) < n) << i;
    return mask;
}

// Move the bits at the multiples of COLUMNS together.
__device__ __forceinline__ u32 gather(u32 word) {
    word &= runs(1);
#pragma unroll
    for (int n = 1; n < SHARE; n *= 2)
        word = (word | word >> n * (COLUMNS - 1)) & runs(2 * n);
    return word;
}

// Undo `gather`.
__device__ __forceinline__ u32 scatter(u32 word) {
    word &= runs(SHARE);
#pragma unroll
    for (int n = SHARE / 2; n > 0; n /= 2)
        word = (word | word << n * (COLUMNS - 1)) & runs(n);
    return word;
}

__device__ __forceinline__ void generation(u32 (&cells)[ROWS][COLUMNS], int above, int below) {
    u32 h0[ROWS + 2][COLUMNS], h1[ROWS + 2][COLUMNS];
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int k = 0; k < COLUMNS; k++) {
            const u32 first = cells[r][0], c = cells[r][k], last = cells[r][COLUMNS - 1];
            const u32 left = k > 0 ? cells[r][k - 1] : last << 1 | last >> 31;
            const u32 right = k < COLUMNS - 1 ? cells[r][k + 1] : first >> 1 | first << 31;
            h0[r + 1][k] = lut3<XOR3>(left, c, right);
            h1[r + 1][k] = lut3<MAJ>(left, c, right);
        }
#pragma unroll
    for (int k = 0; k < COLUMNS; k++) {
        h0[0][k] = __shfl_sync(ALL, h0[ROWS][k], above);
        h1[0][k] = __shfl_sync(ALL, h1[ROWS][k], above);
        h0[ROWS + 1][k] = __shfl_sync(ALL, h0[1][k], below);
        h1[ROWS + 1][k] = __shfl_sync(ALL, h1[1][k], below);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int k = 0; k < COLUMNS; k++)
            cells[r][k] = rule_stage(h0[r][k], h0[r + 1][k], h0[r + 2][k], h1[r][k], h1[r + 1][k], h1[r + 2][k],
                                     cells[r][k]);
}

// States of the boards of the block's warps, by slot; word i of lane l is number 32 i + l.
__shared__ u32 states[N_THREADS / LANES][N_SLOTS][LANES * N_WORDS];

// The words of this lane in a state.
__device__ __forceinline__ u32* own(int slot) {
    return states[threadIdx.x / LANES][slot] + threadIdx.x % LANES;
}

// Not inlined: its loop is what all time goes to, and one copy of it stays in the instruction cache.
__device__ __noinline__ void advance_slot(int from, int to, int n) {
    const int lane = threadIdx.x % LANES, above = (lane + LANES - 1) % LANES, below = (lane + 1) % LANES;
    u32 cells[ROWS][COLUMNS];
#pragma unroll
    for (int i = 0; i < N_WORDS; i++)
        cells[i / COLUMNS][i % COLUMNS] = own(from)[i * LANES];
#pragma unroll 1
    for (; n > 0; n--)
        generation(cells, above, below);
#pragma unroll
    for (int i = 0; i < N_WORDS; i++)
        own(to)[i * LANES] = cells[i / COLUMNS][i % COLUMNS];
}

// What settle.cu needs of a board. `height`, `width` and `room` are for boards in memory.
struct Board {
    __device__ Board(int /*height*/, int /*width*/, u32* /*room*/) {}

    __device__ int n_bytes() const { return 4 * LANES * N_WORDS; }

    __device__ bool is_first() const { return threadIdx.x % LANES == 0; }

    __device__ int take(int* queue) const {
        int next = 0;
        if (is_first())
            next = atomicAdd(queue, 1);
        return __shfl_sync(ALL, next, 0);
    }

    __device__ __noinline__ void load(const u8* board, int slot) const {
        const u32* words = reinterpret_cast<const u32*>(board) + threadIdx.x % LANES * N_WORDS;
#pragma unroll 1
        for (int r = 0; r < ROWS; r++)
#pragma unroll 1
            for (int k = 0; k < COLUMNS; k++) {
                u32 cells = 0;
                for (int j = 0; j < COLUMNS; j++)
                    cells |= gather(words[r * COLUMNS + j] >> k) << j * SHARE;
                own(slot)[(r * COLUMNS + k) * LANES] = cells;
            }
    }

    __device__ __noinline__ void store(int slot, u8* board) const {
        u32* words = reinterpret_cast<u32*>(board) + threadIdx.x % LANES * N_WORDS;
#pragma unroll 1
        for (int r = 0; r < ROWS; r++)
#pragma unroll 1
            for (int j = 0; j < COLUMNS; j++) {
                u32 word = 0;
                for (int k = 0; k < COLUMNS; k++)
                    word |= scatter(own(slot)[(r * COLUMNS + k) * LANES] >> j * SHARE) << k;
                words[r * COLUMNS + j] = word;
            }
    }

    __device__ void advance(int from, int to, int n) const { advance_slot(from, to, n); }

    __device__ __noinline__ bool same(int a, int b) const {
        u32 difference = 0;
#pragma unroll
        for (int i = 0; i < N_WORDS; i++)
            difference |= own(a)[i * LANES] ^ own(b)[i * LANES];
        return __all_sync(ALL, difference == 0);
    }
};
