// What becomes of every point of pictures under planar quadratic maps. A thread takes the next pixel when its own is
// decided, BLOCK iterations at a time, so that long and short orbits leave no lane idle. No operation is fused
// (--fmad=false).

template <typename T>
__device__ __forceinline__ T magnitude(T x) {
    return x < 0 ? -x : x;
}

template <typename T>
__device__ __forceinline__ bool is_inside(const T* e, T x, T y) {
    const T dx = x - e[0], dy = y - e[1];
    const T u = e[2] * dx + e[3] * dy, v = e[4] * dy;
    return u * u + v * v < 1;
}

template <typename T>
__device__ __forceinline__ bool is_in_cone(const T* c, T x, T y) {
    const T u = c[0] * x + c[1] * y, v = c[2] * x + c[3] * y;
    return u > 1 && magnitude(v) <= u;
}

template <typename T>
__device__ __forceinline__ T image(const T* q, T x, T y) {
    return (q[0] + x * (q[1] + (q[3] * x + q[4] * y))) + y * (q[2] + q[5] * y);
}

template <typename T>
__device__ __forceinline__ u8 fate(const T* ellipses, u32 k, const T* cone, T radius2, T bailout2, bool is_certified, T x,
                                   T y) {
    for (u32 j = 0; j < k; ++j)
        if (is_inside(ellipses + 5 * j, x, y))
            return is_certified ? CONVERGED : CONVERGED_HEURISTIC;
    const T size2 = x * x + y * y;
    if (size2 > radius2 || is_in_cone(cone, x, y))
        return ESCAPED;
    return size2 <= bailout2 ? UNDECIDED : ESCAPED_HEURISTIC;
}

// One ellipse and no cone, unless ANY.
template <typename T, bool ANY>
__device__ __forceinline__ void follow(const T* maps, const double* windows, const T* ellipses, const T* radius2,
                                       const T* cones, const T* bailout2, const u8* is_certified, u32 k, u32 height,
                                       u32 width, u64 n_pixels, int most, u64* next, u8* classes, int* counts) {
    T a[6], b[6], e[5], limit = 0, x = 0, y = 0;
    u64 pixel = 0;
    u32 map = 0xFFFFFFFF;
    int n = 0, due = 0;
    bool is_busy = false;
    const T *of = ellipses, *cone = cones;
    while (true) {
        if (!is_busy) {
            pixel = atomicAdd(next, 1ull);
            if (pixel >= n_pixels)
                return;
            const u32 here = pixel / (u64(height) * width);
            if (here != map) {
                map = here;
                of = ellipses + 5 * u64(k) * map;
                cone = cones + 4 * map;
                limit = radius2[map] < bailout2[map] ? radius2[map] : bailout2[map];
                for (int i = 0; i < 6; ++i) {
                    a[i] = maps[12 * map + i];
                    b[i] = maps[12 * map + 6 + i];
                }
                for (int i = 0; i < 5; ++i)
                    e[i] = of[i];
            }
            const double* window = windows + 4 * map;
            const u32 j = pixel % width, i = pixel / width % height;
            x = T(window[0] + double(j) * window[2]);
            y = T(window[1] + double(i) * window[3]);
            n = due = 0;
            is_busy = true;
        }
        due += BLOCK;
#pragma unroll
        for (int step = 0; step < BLOCK; ++step) {
            bool is_active = x * x + y * y <= limit && !is_inside(e, x, y);
            if (ANY) {
                is_active = is_active && !is_in_cone(cone, x, y);
                for (u32 j = 1; j < k; ++j)
                    is_active = is_active && !is_inside(of + 5 * j, x, y);
            }
            const T next_x = image(a, x, y), next_y = image(b, x, y);
            x = is_active ? next_x : x;
            y = is_active ? next_y : y;
            n += is_active;
        }
        if (n < due || n > most) {
            if (n <= most) {
                classes[pixel] = fate(of, k, cone, radius2[map], bailout2[map], is_certified[map], x, y);
                counts[pixel] = n;
            }
            is_busy = false;
        }
    }
}

// Rank of a pixel: 0 converged, 2 escaped, 1 neither.
__device__ __forceinline__ int rank_of(u8 what) { return what == CONVERGED ? 0 : what == ESCAPED ? 2 : 1; }

__device__ __forceinline__ bool is_any(u8 what) { return what == CONVERGED || what == CONVERGED_HEURISTIC; }

// A block for a picture; `medians` is room for the pictures' medians.
extern "C" __global__ void __launch_bounds__(N_THREADS)
    count_boundaries(const u8* classes, u32 height, u32 width, u8* medians, int* found) {
    const u64 n_pixels = u64(height) * width;
    classes += n_pixels * blockIdx.x;
    medians += n_pixels * blockIdx.x;
    for (u64 pixel = threadIdx.x; pixel < n_pixels; pixel += blockDim.x) {
        const u32 i = pixel / width, j = pixel % width;
        int n_low = 0, n_high = 0;
        for (int di = -1; di <= 1; ++di)
            for (int dj = -1; dj <= 1; ++dj) {
                const u32 y = i + di < height ? i + di : i, x = j + dj < width ? j + dj : j;  // -1 is above all
                const int rank = rank_of(classes[u64(y) * width + x]);
                n_low += rank == 0;
                n_high += rank == 2;
            }
        medians[pixel] = n_low > 4 ? 0 : n_high > 4 ? 2 : 1;
    }
    __syncthreads();
    int n_raw = 0, n_certified = 0, n_clean = 0, n_undecided = 0;
    for (u64 pixel = threadIdx.x; pixel < n_pixels; pixel += blockDim.x) {
        const u32 i = pixel / width, j = pixel % width;
        const u8 what = classes[pixel];
        n_undecided += rank_of(what) == 1;
        for (int side = 0; side < 2; ++side) {
            if (side ? i + 1 >= height : j + 1 >= width)
                continue;
            const u64 other = pixel + (side ? width : 1);
            n_raw += is_any(what) != is_any(classes[other]);
            n_certified += rank_of(what) + rank_of(classes[other]) == 2 && rank_of(what) != 1;
            n_clean += medians[pixel] + medians[other] == 2 && medians[pixel] != 1;
        }
    }
    found += N_QUANTITIES * blockIdx.x;
    atomicAdd(found, n_raw);
    atomicAdd(found + 1, n_certified);
    atomicAdd(found + 2, n_clean);
    atomicAdd(found + 3, n_undecided);
}
