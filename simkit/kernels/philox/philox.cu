// Philox4x32-10 into memory (after draw.cu). A thread makes the blocks of one row, block.x of the grid.

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
