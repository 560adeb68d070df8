// What stands before the text of every kernel. There are no headers: the same text is compiled by NVRTC for a GPU and
// by g++ for the tests.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

// Apply a function of three bits to each bit of x, y, z; bit 4x + 2y + z of TABLE is its value. One LOP3 on a GPU.
template <int TABLE>
__device__ __forceinline__ u32 lut3(u32 x, u32 y, u32 z) {
#ifdef __CUDA_ARCH__
    u32 value;
    asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(value) : "r"(x), "r"(y), "r"(z), "n"(TABLE));
    return value;
#else
    return (TABLE & 1 ? ~x & ~y & ~z : 0) | (TABLE & 2 ? ~x & ~y & z : 0) | (TABLE & 4 ? ~x & y & ~z : 0) |
           (TABLE & 8 ? ~x & y & z : 0) | (TABLE & 16 ? x & ~y & ~z : 0) | (TABLE & 32 ? x & ~y & z : 0) |
           (TABLE & 64 ? x & y & ~z : 0) | (TABLE & 128 ? x & y & z : 0);
#endif
}
