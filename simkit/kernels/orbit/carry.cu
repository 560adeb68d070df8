// Orbits that are carried along a path of maps: a thread for an orbit. No operation is fused (--fmad=false).

extern "C" __global__ void __launch_bounds__(N_THREADS)
    carry(const double* maps, u32 n_maps, u32 n_orbits, double limit, long long n, const double* starts, double* states,
          double* boxes) {
    const u32 orbit = blockIdx.x * N_THREADS + threadIdx.x;
    if (orbit >= n_orbits)
        return;
    const double none = __longlong_as_double(0x7FF8000000000000LL), most = __longlong_as_double(0x7FF0000000000000LL);
    double x = starts[2 * orbit], y = starts[2 * orbit + 1];
    bool is_kept = true;
    for (u32 k = 0; k < n_maps; k++) {
        const double* m = maps + 12 * (u64)k;
        double left = most, right = -most, low = most, high = -most;
        for (long long i = 0; is_kept && i < n; i++) {
            is_kept = x * x + y * y <= limit;
            if (!is_kept)
                break;
            const double next = (m[0] + x * (m[1] + (m[3] * x + m[4] * y))) + y * (m[2] + m[5] * y);
            y = (m[6] + x * (m[7] + (m[9] * x + m[10] * y))) + y * (m[8] + m[11] * y);
            x = next;
            if (i >= n / 2) {
                left = x < left ? x : left, right = x > right ? x : right;
                low = y < low ? y : low, high = y > high ? y : high;
            }
        }
        is_kept = is_kept && x * x + y * y <= limit;
        const u64 at = (u64)orbit * n_maps + k;
        states[2 * at] = is_kept ? x : none, states[2 * at + 1] = is_kept ? y : none;
        boxes[4 * at] = is_kept ? left : none, boxes[4 * at + 1] = is_kept ? right : none;
        boxes[4 * at + 2] = is_kept ? low : none, boxes[4 * at + 3] = is_kept ? high : none;
    }
}
