// Long orbits of planar quadratic maps: a thread for a map. No operation is fused (--fmad=false).

struct Row {
    double c0, c1, c2, c3, c4, c5;

    __device__ __forceinline__ double at(double x, double y) const {
        return (c0 + x * (c1 + (c3 * x + c4 * y))) + y * (c2 + c5 * y);
    }
    __device__ __forceinline__ double by_x(double x, double y) const { return (c1 + (c3 + c3) * x) + c4 * y; }
    __device__ __forceinline__ double by_y(double x, double y) const { return (c2 + c4 * x) + (c5 + c5) * y; }
};

struct Map {
    Row a, b;

    __device__ __forceinline__ explicit Map(const double* m)
        : a{m[0], m[1], m[2], m[3], m[4], m[5]}, b{m[6], m[7], m[8], m[9], m[10], m[11]} {}

    __device__ __forceinline__ void move(double& x, double& y) const {
        const double next = a.at(x, y);
        y = b.at(x, y);
        x = next;
    }
};

// Take the power of two below out of a number; return its exponent, and set what to multiply with
__device__ __forceinline__ int power_of(double size, double& factor) {
    const int biased = int(__double_as_longlong(size) >> 52) & 0x7FF;
    const int power = biased > 0 && biased < 0x7FE ? biased - 1023 : 0;
    factor = __longlong_as_double((long long)(1023 - power) << 52);
    return power;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    follow(const double* maps, u32 n_maps, const double* limits, long long n, double* states, double* tangents,
           double* areas, long long* powers, long long* steps) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_maps)
        return;
    const Map map(maps + 12 * (u64)i);
    const double limit = limits[i];
    double x = states[2 * i], y = states[2 * i + 1], u = tangents[2 * i], v = tangents[2 * i + 1], area = 1, factor;
    long long power = 0, area_power = 0, t = 0;
    while (true) {
        const bool is_over = t == n || !(x * x + y * y <= limit);
        if (is_over ? n > 0 : t > 0 && t % EVERY == 0) {
            power += power_of(fabs(u) > fabs(v) ? fabs(u) : fabs(v), factor);
            u *= factor, v *= factor;
            area_power += power_of(area, factor);
            area *= factor;
        }
        if (is_over)
            break;
        const double xx = map.a.by_x(x, y), xy = map.a.by_y(x, y), yx = map.b.by_x(x, y), yy = map.b.by_y(x, y);
        area *= fabs(xx * yy - xy * yx);
        const double next = xx * u + xy * v;
        v = yx * u + yy * v;
        u = next;
        map.move(x, y);
        t++;
    }
    states[2 * i] = x, states[2 * i + 1] = y, tangents[2 * i] = u, tangents[2 * i + 1] = v, areas[i] = area;
    powers[2 * i] = power, powers[2 * i + 1] = area_power, steps[i] = t;
}

// The angle of (x, y) in turns
__device__ __forceinline__ double turn_of(double x, double y) {
    const double p = fabs(x), q = fabs(y);
    const bool is_steep = q > p;
    const double s = is_steep ? p : q, g = is_steep ? q : p;
    const bool is_wide = s > TAN_PI_8 * g;
    const double r = (is_wide ? s - g : s) / (is_wide ? s + g : g), square = r * r;
    double found = ARCTANGENT[N_TERMS - 1];
#pragma unroll
    for (int k = N_TERMS - 2; k >= 0; k--)
        found = found * square + ARCTANGENT[k];
    found = found * r + (is_wide ? 0.125 : 0.0);
    found = is_steep ? 0.25 - found : found;
    found = x < 0 ? 0.5 - found : found;
    return y < 0 ? -found : found;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    rotations(const double* maps, u32 n_maps, const double* centres, const int* strides, const double* branches,
              const double* weights, u32 n_weights, double* states, double* turns, double* means) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_maps)
        return;
    const Map map(maps + 12 * (u64)i);
    const double cx = centres[2 * i], cy = centres[2 * i + 1], branch = branches[i];
    const int stride = strides[i];
    double x = states[2 * i], y = states[2 * i + 1], turn = 0, mean_x = 0, mean_y = 0;
    for (u32 t = 0; t < n_weights; t++) {
        const double weight = weights[t], dx = x - cx, dy = y - cy;
        for (int k = 0; k < stride; k++)
            map.move(x, y);
        const double ex = x - cx, ey = y - cy;
        double angle = turn_of(dx * ex + dy * ey, dx * ey - dy * ex);
        const double apart = branch - angle;
        angle += apart > 0.5 ? 1.0 : apart < -0.5 ? -1.0 : 0.0;
        turn += weight * angle, mean_x += weight * x, mean_y += weight * y;
    }
    states[2 * i] = x, states[2 * i + 1] = y, turns[i] = turn, means[2 * i] = mean_x, means[2 * i + 1] = mean_y;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    density(const double* maps, u32 n_maps, const double* windows, int height, int width, long long n, double* states,
            u32* counts) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_maps)
        return;
    const Map map(maps + 12 * (u64)i);
    const double left = windows[4 * i], top = windows[4 * i + 1];
    const double by_dx = 1 / windows[4 * i + 2], by_dy = 1 / windows[4 * i + 3];
    double x = states[2 * i], y = states[2 * i + 1];
    u32* const image = counts + (u64)i * height * width;
    for (long long t = 0; t < n; t++) {
        map.move(x, y);
        const double row = (y - top) * by_dy + 0.5, column = (x - left) * by_dx + 0.5;
        if (row >= 0 && row < height && column >= 0 && column < width)
            image[(u64)(u32)row * width + (u32)column]++;
    }
    states[2 * i] = x, states[2 * i + 1] = y;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    trace(const double* maps, u32 n_maps, const double* states, long long n, double* found) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_maps)
        return;
    const Map map(maps + 12 * (u64)i);
    double x = states[2 * i], y = states[2 * i + 1];
    double* to = found + 2 * (u64)i * n;
    for (long long t = 0; t < n; t++, to += 2) {
        map.move(x, y);
        to[0] = x, to[1] = y;
    }
}
