// Philox4x32-10: the block of four words with a number, of one row and stream.

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
