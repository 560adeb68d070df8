// Differences from a reference orbit, and points from where float64 tells them apart: a thread takes the next point when
// its own is decided. Neighbours need about as long. No operation is fused (--fmad=false).

struct Difference {
    double x, y, size, xx, xy, yx, yy;  // d, and s and S, the image of a pixel

    // Advance from where the orbit has a derivative; return T, the size of the terms.
    __device__ __forceinline__ double move(const double* a, const double* b, const double* at, double bend) {
        const double m = fabs(x) + fabs(y);
        const double terms =
            ((fabs(at[0] * x) + fabs(at[1] * y)) + (fabs(at[2] * x) + fabs(at[3] * y))) + bend * (m * m);
        const double jxx = (at[0] + (a[3] + a[3]) * x) + a[4] * y, jxy = (at[1] + a[4] * x) + (a[5] + a[5]) * y;
        const double jyx = (at[2] + (b[3] + b[3]) * x) + b[4] * y, jyy = (at[3] + b[4] * x) + (b[5] + b[5]) * y;
        const double txx = jxx * xx + jxy * yx, txy = jxx * xy + jxy * yy;
        const double tyx = jyx * xx + jyy * yx, tyy = jyx * xy + jyy * yy;
        const double next = 0.5 * ((fabs(txx) + fabs(txy)) + (fabs(tyx) + fabs(tyy))), floor = bend * (size * size);
        const bool is_flat = next < floor;
        size = is_flat ? floor : next;
        xx = is_flat ? floor : txx;
        xy = is_flat ? 0 : txy;
        yx = is_flat ? 0 : tyx;
        yy = is_flat ? floor : tyy;
        const double dx = x * ((at[0] + a[3] * x) + a[4] * y) + y * (at[1] + a[5] * y);
        y = x * ((at[2] + b[3] * x) + b[4] * y) + y * (at[3] + b[5] * y);
        x = dx;
        return terms;
    }
};

extern "C" __global__ void __launch_bounds__(N_THREADS)
    perturb(const double* map, const double* orbit, u32 n_states, const double* offsets, u32 n_points, double side,
            double bend, const double* ellipses, u32 k, double radius2, const double* cone, double bailout2,
            u8 is_certified, int most, u32* next, u8* classes, int* counts, u8* faults) {
    double a[6], b[6];
    for (int i = 0; i < 6; ++i) {
        a[i] = map[i];
        b[i] = map[6 + i];
    }
    while (true) {
        const u32 point = atomicAdd(next, 1u);
        if (point >= n_points)
            return;
        Difference d = {offsets[2 * u64(point)], offsets[2 * u64(point) + 1], side, side, 0, 0, side};
        double x = 0, y = 0;
        bool is_plain = false;
        for (int t = 0;; ++t) {
            const double* state = orbit + 6 * u64(t);
            if (!is_plain) {
                x = state[0] + d.x;
                y = state[1] + d.y;
            }
            const u8 what = fate(ellipses, k, cone, radius2, bailout2, is_certified, x, y);
            if (what != UNDECIDED) {
                classes[point] = what;
                counts[point] = t;
                break;
            }
            if (t == most)
                break;
            if (!is_plain) {
                const double largest = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
                is_plain = d.size >= RESOLVED * (largest > 1 ? largest : 1) || largest >= HUGE_STATE;
            }
            if (is_plain) {
                const double next_x = image(a, x, y);
                y = image(b, x, y);
                x = next_x;
                continue;
            }
            if (u32(t) + 1 == n_states) {
                faults[point] = SHORT;
                break;
            }
            const double terms = d.move(a, b, state + 2, bend);
            if (terms > LOST * d.size && terms > TINY) {
                faults[point] = GLITCH;
                break;
            }
        }
    }
}
