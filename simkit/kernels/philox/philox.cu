// Philox4x32-10. A thread makes the block of four words with number `b` of one row, block.x of the grid.

struct alignas(16) Block {
    u32 word[4];
};

__device__ __forceinline__ Block draw(u64 seed, u64 row, u32 stream, u32 number) {
    u32 c0 = number, c1 = u32(row), c2 = u32(row >> 32), c3 = stream, k0 = u32(seed), k1 = u32(seed >> 32);
#pragma unroll
    for (int i = 0; i < N_ROUNDS; i++) {
        const u64 p0 = u64(MULTIPLIER_0) * c0, p1 = u64(MULTIPLIER_1) * c2;
        c0 = u32(p1 >> 32) ^ c1 ^ k0;
        c1 = u32(p1);
        c2 = u32(p0 >> 32) ^ c3 ^ k1;
        c3 = u32(p0);
        k0 += u32(WEYL_0);
        k1 += u32(WEYL_1);
    }
    return {{c0, c1, c2, c3}};
}

extern "C" __global__ void words(u64 seed, const u64* rows, u32 stream, u32 n_blocks, Block* out) {
    const u64 row = rows[blockIdx.x];
    for (u32 b = blockIdx.y * blockDim.x + threadIdx.x; b < n_blocks; b += gridDim.y * blockDim.x)
        out[u64(blockIdx.x) * n_blocks + b] = draw(seed, row, stream, b);
}

// `lowest` is the lowest set bit of `threshold`: digits below it decide nothing.
extern "C" __global__ void bits(u64 seed, const u64* rows, u32 stream, u32 n_blocks, u32 threshold, int lowest,
                                Block* out) {
    const u64 row = rows[blockIdx.x];
    for (u32 b = blockIdx.y * blockDim.x + threadIdx.x; b < n_blocks; b += gridDim.y * blockDim.x) {
        Block below = draw(seed, row, stream, (N_DIGITS - 1 - lowest) * n_blocks + b);
        for (int j = lowest + 1; j < N_DIGITS; j++) {
            const Block random = draw(seed, row, stream, (N_DIGITS - 1 - j) * n_blocks + b);
#pragma unroll
            for (int i = 0; i < 4; i++)
                below.word[i] = threshold >> j & 1 ? below.word[i] | random.word[i] : below.word[i] & random.word[i];
        }
        out[u64(blockIdx.x) * n_blocks + b] = below;
    }
}
