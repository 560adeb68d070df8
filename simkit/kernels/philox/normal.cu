// Normal quantiles (after the numbers of AS 241 and draw.cu).

__device__ __forceinline__ double polynomial(const double (&c)[8], double x) {
    double found = c[7];
#pragma unroll
    for (int k = 6; k >= 0; k--)
        found = found * x + c[k];
    return found;
}

__device__ __forceinline__ double tail(double p) {
    const long long bits = __double_as_longlong(p);  // never subnormal
    int exponent = int(bits >> 52) - 1022;
    double mantissa = __longlong_as_double((bits & 0xFFFFFFFFFFFFFLL) | 0x3FE0000000000000LL);
    if (mantissa < SQRT_HALF[0])
        mantissa = 2 * mantissa, exponent--;
    const double s = (mantissa - 1) / (mantissa + 1), square = s * s;
    double series = SERIES[10];
#pragma unroll
    for (int k = 9; k >= 0; k--)
        series = series * square + SERIES[k];
    const double r = sqrt(-(2 * (s * series) + exponent * LN_2[0]));
    if (r <= NEAR[0])
        return polynomial(NEAR_ABOVE, r - NEAR_ORIGIN[0]) / polynomial(NEAR_BELOW, r - NEAR_ORIGIN[0]);
    return polynomial(FAR_ABOVE, r - FAR_ORIGIN[0]) / polynomial(FAR_BELOW, r - FAR_ORIGIN[0]);
}

__device__ __forceinline__ double quantile(u64 number) {
    const bool is_low = number < 1ull << 63;
    const u64 twice = (is_low ? number : ~number) << 1;
    const double centre = double(~twice) * 0x1p-65, square = 0.180625 - centre * centre;
    const double found = centre <= CENTRAL[0]
                             ? centre * polynomial(CENTRAL_ABOVE, square) / polynomial(CENTRAL_BELOW, square)
                             : tail(double(twice | 1) * 0x1p-65);
    return is_low ? -found : found;
}

struct alignas(16) Pair {
    double number[2];
};

// A thread makes the blocks of one row, block.x of the grid: two numbers each.
extern "C" __global__ void normals(u64 seed, const u64* rows, u32 stream, u32 n_blocks, Pair* out) {
    const u64 row = rows[blockIdx.x];
    for (u32 b = blockIdx.y * blockDim.x + threadIdx.x; b < n_blocks; b += gridDim.y * blockDim.x) {
        const Block drawn = draw(seed, row, stream, b);
        out[u64(blockIdx.x) * n_blocks + b] = {{quantile(drawn.word[0] | u64(drawn.word[1]) << 32),
                                                quantile(drawn.word[2] | u64(drawn.word[3]) << 32)}};
    }
}

extern "C" __global__ void quantiles(const u64* numbers, u64 n, double* out) {
    for (u64 i = u64(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += u64(gridDim.x) * blockDim.x)
        out[i] = quantile(numbers[i]);
}
