// What a device can do at most: operations on words, and bytes moved.

struct Four {
    u32 a, b, c, d;
};

// Each thread goes on with 8 independent chains of a function of three bits, 128 n steps in all.
extern "C" __global__ void operations(u32 n, u32* out) {
    const u32 thread = blockIdx.x * blockDim.x + threadIdx.x, x = thread * 2654435761u, y = ~x;
    u32 chain[8];
#pragma unroll
    for (u32 i = 0; i < 8; i++) chain[i] = x + i;
    for (u32 k = 0; k < n; k++) {
#pragma unroll
        for (u32 step = 0; step < 16; step++) {
#pragma unroll
            for (u32 i = 0; i < 8; i++) chain[i] = lut3<FUNCTION>(chain[i], x, y);
        }
    }
    u32 all = 0;
#pragma unroll
    for (u32 i = 0; i < 8; i++) all ^= chain[i];
    out[thread] = all;
}

// Copy n times 16 bytes.
extern "C" __global__ void copy(u32 n, const Four* source, Four* target) {
    for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) target[i] = source[i];
}
