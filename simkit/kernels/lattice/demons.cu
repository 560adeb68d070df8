// Creutz's demons cell by cell in global memory, a block a system, for systems that do not fit registers (creutz.cu).
// Cells are s + 2 D + 8 f. Active ones see none but inactive ones, so that a step is done in place; the phases stay as
// they began until the end.

constexpr int PHASE = 3;

struct Bonds {
    int east, south, n;

    // Those of cell (y, x) that are unsatisfied.
    __device__ __forceinline__ Bonds(const u8* cells, int height, int width, int y, int x) {
        const u8* row = cells + u64(y) * width;
        const int spin = row[x], above = cells[u64(y > 0 ? y - 1 : height - 1) * width + x];
        const int below = cells[u64(y < height - 1 ? y + 1 : 0) * width + x];
        east = (spin ^ row[x < width - 1 ? x + 1 : 0]) & 1;
        south = (spin ^ below) & 1;
        n = east + south + ((spin ^ above) & 1) + ((spin ^ row[x > 0 ? x - 1 : width - 1]) & 1);
    }
};

__device__ __forceinline__ void count(const u8* cells, int height, int width, u64* census) {
    int n[N_QUANTITIES] = {};
    for (int y = threadIdx.y; y < height; y += blockDim.y)
        for (int x = threadIdx.x; x < width; x += blockDim.x) {
            const Bonds bonds(cells, height, width, y, x);
            const int cell = cells[u64(y) * width + x], demon = cell >> 1 & 3;
            n[0] += cell & 1;
            n[1] += bonds.east + bonds.south;
#pragma unroll
            for (int k = 0; k < 5; k++)
                n[2 + k] += bonds.n == k;
#pragma unroll
            for (int k = 0; k < 4; k++)
                n[7 + k] += demon == k;
        }
#pragma unroll
    for (int k = 0; k < N_QUANTITIES; k++)
        atomicAdd(census + k, u64(n[k]));
}

// With no census `every` is 0.
extern "C" __global__ void __launch_bounds__(N_THREADS, 1)
    run_demons(u8* cells, int height, int width, int n_steps, int every, u64* census) {
    cells += u64(blockIdx.x) * height * width;
    census += u64(blockIdx.x) * u64(every ? 1 + n_steps / every : 0) * N_QUANTITIES;
    for (int t = 0, until = every ? 0 : -1;; t++) {
        if (t == until) {
            count(cells, height, width, census);
            census += N_QUANTITIES;
            until = n_steps - t < every ? -1 : until + every;
        }
        __syncthreads();
        if (t == n_steps)
            break;
        for (int y = threadIdx.y; y < height; y += blockDim.y)
            for (int x = threadIdx.x; x < width; x += blockDim.x) {
                u8& cell = cells[u64(y) * width + x];
                if ((cell >> PHASE ^ t) & 1) {
                    const int total = (cell >> 1 & 3) + Bonds(cells, height, width, y, x).n;
                    if (total >= 2 && total <= 5)
                        cell = u8(((cell & (1 << PHASE | 1)) ^ 1) | (total - 2) << 1);
                }
            }
        __syncthreads();
    }
    for (int y = threadIdx.y; y < height; y += blockDim.y)
        for (int x = threadIdx.x; x < width; x += blockDim.x)
            cells[u64(y) * width + x] ^= (n_steps & 1) << PHASE;
}
