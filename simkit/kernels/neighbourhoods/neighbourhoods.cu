// Codes of neighbourhoods. A thread makes those of a byte of cells, of board block.x of the grid.

typedef unsigned short u16;

struct alignas(16) Eight {
    u32 pair[4];
};

// Ten cells of a row: one before a byte, the eight of it, one after
__device__ __forceinline__ u32 window(const u8* row, int byte, int last, int n_spare, bool is_torus) {
    u32 found = (byte < last ? row[byte] : row[last] & 0xFF >> n_spare) << 1;
    if (byte > 0)
        found |= row[byte - 1] >> 7;
    else if (is_torus)
        found |= row[last] >> (7 - n_spare) & 1;
    if (byte < last)
        found |= (row[byte + 1] & 1) << 9;
    else if (is_torus)
        found |= (row[0] & 1) << (9 - n_spare);
    return found;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    codes(const u8* boards, int height, int width, int n_bytes, int is_torus, u16* out) {
    const int last = n_bytes - 1, n_spare = 8 * n_bytes - width;
    const u8* board = boards + (u64)blockIdx.x * height * n_bytes;
    u16* found = out + (u64)blockIdx.x * height * width;
    for (u32 i = blockIdx.y * N_THREADS + threadIdx.x; i < u32(height) * n_bytes; i += gridDim.y * N_THREADS) {
        const int y = i / n_bytes, byte = i % n_bytes;
        const bool is_top = y == 0, is_bottom = y == height - 1;
        const u8* row = board + (u64)y * n_bytes;
        const u8* above = is_top ? row + (u64)(height - 1) * n_bytes : row - n_bytes;
        const u8* below = is_bottom ? board : row + n_bytes;
        const u32 a = is_top && !is_torus ? 0 : window(above, byte, last, n_spare, is_torus);
        const u32 b = window(row, byte, last, n_spare, is_torus);
        const u32 c = is_bottom && !is_torus ? 0 : window(below, byte, last, n_spare, is_torus);
        // what the places of a row that is no torus add
        const u32 inside = is_torus ? 0 : is_top ? 2 : is_bottom ? 7 : 0;
        const u32 first = is_torus ? 0 : is_top ? 1 : is_bottom ? 6 : 4;
        const u32 end = is_torus ? 0 : is_top ? 3 : is_bottom ? 8 : 5;
        u32 code[8];
#pragma unroll
        for (int k = 0; k < 8; k++) {
            const u32 place = k == 0 && byte == 0 ? first : 8 * byte + k == width - 1 ? end : inside;
            code[k] = (a >> k & 7) | (b >> k & 7) << 3 | (c >> k & 7) << 6 | N_PATTERNS * place;
        }
        u16* to = found + (u64)y * width + 8 * byte;
        if (width % 8 == 0)
            *(Eight*)to = {{code[0] | code[1] << 16, code[2] | code[3] << 16, code[4] | code[5] << 16, code[6] | code[7] << 16}};
        else
#pragma unroll
            for (int k = 0; k < 8; k++)
                if (8 * byte + k < width)
                    to[k] = u16(code[k]);
    }
}
