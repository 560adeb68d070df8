// Columns of cells in registers, for layouts whose columns are each of one kind.
//
// A lane of a warp holds one column of 64 ROWS cells (ROWS is even) as ROWS words for each bit of a cell: cell y is bit
// y / ROWS of word y % ROWS. So what lies above and below is a word of the same lane, rotated by one bit past the last
// row, and what lies beside is the same word of the next lane. Warps meet at ports: what the first and the last lane of
// a warp show to the neighbouring warps, in shared memory.
//
// Spins take turns on a checkerboard. Odd columns hold them one cell higher, cell y + 1 in the place of y: then a row
// of words has one colour in all lanes, and a warp turns a whole row at a time.

constexpr u32 ALL = 0xFFFFFFFF;
constexpr int HEIGHT = 64 * ROWS, N_WARPS = N_THREADS / 32;

typedef u64 Column[ROWS];

// Two states, of even and odd times, of two ports a warp, its west and its east.
__shared__ Column ports[2][2 * N_WARPS];

template <int TABLE>
__device__ __forceinline__ u64 lut3(u64 x, u64 y, u64 z) {
    return u64(lut3<TABLE>(u32(x >> 32), u32(y >> 32), u32(z >> 32))) << 32 | lut3<TABLE>(u32(x), u32(y), u32(z));
}

// The row of words above or below row r, which is a constant.
__device__ __forceinline__ u64 above(const Column& words, int r) {
    return r > 0 ? words[r - 1] : words[ROWS - 1] << 1 | words[ROWS - 1] >> 63;
}
__device__ __forceinline__ u64 below(const Column& words, int r) {
    return r < ROWS - 1 ? words[r + 1] : words[0] >> 1 | words[0] << 63;
}

// Show words at a port, where no column is shifted, and take them from there.
__device__ __forceinline__ void show(Column& port, const Column& words, bool is_shifted) {
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        port[r] = is_shifted ? above(words, r) : words[r];
}
__device__ __forceinline__ void take(const Column& port, Column& words, bool is_shifted) {
#pragma unroll
    for (int r = 0; r < ROWS - 1; r++)
        words[r] = port[r + is_shifted];
    const u64 last = port[(ROWS - 1 + is_shifted) % ROWS];
    words[ROWS - 1] = is_shifted ? last >> 1 | last << 63 : last;
}

// Which column a lane has. Lanes behind the last column of their warp have none, and count for nothing.
struct Place {
    int lane, n;

    __device__ bool is_inside() const { return lane < n; }
    __device__ bool is_first() const { return lane == 0; }
    __device__ bool is_last() const { return lane == n - 1; }
    __device__ bool is_end() const { return is_first() || is_last(); }
};

// The neighbours of row r of the spins. `beyond` is what the end lanes see on their outer side.
struct Near {
    u64 north, south, west, east;

    __device__ __forceinline__ Near(const Column& spins, const Column& beyond, int r, const Place& at)
        : north(above(spins, r)), south(below(spins, r)) {
        const u64 shown = at.lane & 1 ? north : south;
        west = __shfl_up_sync(ALL, shown, 1);
        east = __shfl_down_sync(ALL, shown, 1);
        west = at.is_first() ? beyond[r] : west;
        east = at.is_last() ? beyond[r] : east;
    }
};

// The number of unsatisfied bonds of each spin, from which of its bonds are: its binary digits.
struct Sum {
    u64 ones, twos, fours;

    __device__ __forceinline__ Sum(u64 a, u64 b, u64 c, u64 d) {
        const u64 parity = lut3<XOR3>(a, b, c), carry = lut3<MAJ>(a, b, c), more = parity & d;
        ones = parity ^ d, twos = carry ^ more, fours = carry & more;
    }
};

// Bit `index` of what `features` says of the states of a column.
__device__ __forceinline__ void gather(const u8* column, int width, bool is_shifted, const u32* features, int index,
                                       Column& words) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        u64 word = 0;
#pragma unroll 1
        for (int b = 0; b < 64; b++) {
            const int y = (r + is_shifted + b * ROWS) % HEIGHT;
            word |= u64(features[column[u64(y) * width]] >> index & 1) << b;
        }
        words[r] = word;
    }
}

// Add the values of all lanes to `quantity` of their regions. The whole warp calls this.
__device__ __forceinline__ void tally(u64* census, int region, bool is_uniform, int quantity, int value) {
    if (!is_uniform) {
        if (value)
            atomicAdd(census + region * N_QUANTITIES + quantity, u64(value));
        return;
    }
    for (int step = 16; step > 0; step /= 2)
        value += __shfl_xor_sync(ALL, value, step);
    if (threadIdx.x % 32 == 0)
        atomicAdd(census + region * N_QUANTITIES + quantity, u64(value));
}
