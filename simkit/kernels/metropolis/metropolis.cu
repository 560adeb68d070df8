// The Metropolis algorithm, a block of threads a system, whose words lie in global memory: a thread gives the 64 spins of
// a word their turn. Words of one colour see none but those of the other, so that a step is done in place.

struct Part {
    int height, width;  // rows of words, and words of a colour in each

    // The word of column `x` / 2, -1 or `width` too, in row `y`, -1 or `height` too, of the colour whose words are given.
    __device__ __forceinline__ u64 word(const u64* words, int y, int x) const {
        u64 value = words[(y < 0 ? y + height : y < height ? y : 0) * width + (x < 0 ? x + width : x < width ? x : 0)];
        if (y < 0)
            value = value << 8 | value >> 56;
        if (y == height)
            value = value >> 8 | value << 56;
        if (x < 0)
            value = (value & 0x7F7F7F7F7F7F7F7Full) << 1 | (value >> 7 & 0x0101010101010101ull);
        if (x == width)
            value = (value >> 1 & 0x7F7F7F7F7F7F7F7Full) | (value & 0x0101010101010101ull) << 7;
        return value;
    }
};

// Binary digits of the unsatisfied bonds of the 64 spins of word p of a colour: u = ones + 2 twos + 4 fours.
struct Bonds {
    u64 spins, ones, twos, fours;

    __device__ __forceinline__ Bonds(const Part& part, const u64* words, int n, int colour, int p) {
        const u64* other = words + (1 - colour) * n;
        const int y = p / part.width, x = p % part.width, aside = (y + colour) & 1 ? x + 1 : x - 1;
        spins = words[colour * n + p];
        const u64 north = spins ^ part.word(other, y - 1, x), south = spins ^ part.word(other, y + 1, x);
        const u64 here = spins ^ other[p], there = spins ^ part.word(other, y, aside);
        const u64 odd = north ^ south ^ here, two = (north & south) | (here & (north | south)), more = odd & there;
        ones = odd ^ there;
        twos = two ^ more;
        fours = two & more;
    }
};

__device__ __forceinline__ void count(const Part& part, const u64* words, int n, u64* census) {
    int up = 0, one = 0, two = 0, four = 0, three = 0;
    for (int i = threadIdx.x; i < 2 * n; i += blockDim.x) {
        const Bonds u(part, words, n, i / n, i % n);
        up += __popcll(u.spins);
        one += __popcll(u.ones);
        two += __popcll(u.twos);
        four += __popcll(u.fours);
        three += __popcll(u.ones & u.twos);
    }
    const int found[] = {up, 0, 0, one - three, two - three, three, four};
#pragma unroll
    for (int k = 0; k < N_QUANTITIES; k++)
        atomicAdd(census + k, u64(found[k]));
    __syncthreads();
    if (threadIdx.x == 0) {
        census[2] = 128 * u64(n) - census[3] - census[4] - census[5] - census[6];
        census[1] = (census[3] + 2 * census[4] + 3 * census[5] + 4 * census[6]) / 2;
    }
}

// Of the 64 spins of word p those that flip: Philox's blocks 32 p, 32 p + 1, ... until all is decided.
__device__ __forceinline__ u64 flips(const Bonds& u, u32 acceptance, u64 seed, u64 row, u32 stream, int p) {
    const u64 thresholds[] = {u64(acceptance) * acceptance, u64(acceptance) << 32}, none = ~(u.ones | u.twos | u.fours);
    u64 found = u.twos | u.fours, undecided = ~found;
    for (int k = 0; k < N_PAIRS && undecided; k++) {
        const Block block = draw(seed, row, stream, u32(N_PAIRS * p + k));
#pragma unroll
        for (int i = 0; i < 2; i++) {
            const u64 random = u64(block.word[2 * i]) << 32 | block.word[2 * i + 1];
            const int place = 63 - 2 * k - i;
            const u64 of_none = 0 - (thresholds[0] >> place & 1), of_one = 0 - (thresholds[1] >> place & 1);
            const u64 wanted = (none & of_none) | (~none & of_one);
            found |= undecided & ~random & wanted;
            undecided &= ~(random ^ wanted);
        }
    }
    return found;
}

// Spin (y, x) of a system is bit 8 (y / part height) + x / part width of its word.
__device__ __forceinline__ void copy(const Part& part, u8* cells, u64* words, int n, bool is_in) {
    const int columns = 2 * part.width;
    for (int i = threadIdx.x; i < 2 * n; i += blockDim.x) {
        const int colour = i / n, y = i % n / part.width, x = 2 * (i % part.width) + ((y + colour) & 1);
        u64 word = is_in ? 0 : words[i];
        for (int bit = 0; bit < 64; bit++) {
            u8& cell = cells[(u64(y) + bit / 8 * part.height) * (8 * columns) + x + bit % 8 * columns];
            if (is_in)
                word |= u64(cell & 1) << bit;
            else
                cell = u8(word >> bit & 1);
        }
        words[i] = word;
    }
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    run_metropolis(u8* cells, int height, int width, const u32* acceptance, int n_intervals, u64 seed, const u64* rows,
                   int n_steps, int every, u32 start, u64* words, u64* census) {
    const Part part = {height, width / 2};
    const int n = height * part.width;
    cells += u64(blockIdx.x) * 128 * n;
    words += u64(blockIdx.x) * 2 * n;
    acceptance += u64(blockIdx.x) * n_intervals;
    census += u64(blockIdx.x) * (1 + n_steps / every) * N_QUANTITIES;
    copy(part, cells, words, n, true);
    count(part, words, n, census);
    __syncthreads();
    for (int t = 0; t < n_steps; t++) {
        const u32 time = start + u32(t);
        u64* mine = words + (time & 1) * n;
        for (int p = threadIdx.x; p < n; p += blockDim.x) {
            const Bonds u(part, words, n, int(time & 1), p);
            mine[p] = u.spins ^ flips(u, acceptance[t / every], seed, rows[blockIdx.x], FIRST_STREAM + time, p);
        }
        __syncthreads();
        if ((t + 1) % every == 0) {
            census += N_QUANTITIES;
            count(part, words, n, census);
            __syncthreads();
        }
    }
    copy(part, cells, words, n, false);
}
