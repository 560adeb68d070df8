// Certified regions of planar quadratic maps: a warp for a map, a lane for a direction.
//
// All lanes compute what is no matter of directions, the same in each. No operation is fused (--fmad=false).

struct Form {
    double l11, l12, l22;
};

struct Matrix {
    double a, b, c, d;
};

struct Level {
    double most, least;
};

// What is left for rounding (`Margins`), and the numbers that no header is there for
struct Limits {
    double slack, roundoff, max_condition, growth, spare, infinity, none;
};

struct Parts {
    double aa, ab, bb;
};

constexpr u32 ALL = 0xFFFFFFFF;

__device__ __forceinline__ double least_of_warp(double x) {
    for (int bit = 16; bit > 0; bit /= 2) {
        const double other = __shfl_xor_sync(ALL, x, bit);
        x = other < x ? other : x;
    }
    return x;
}

__device__ __forceinline__ double most_of_warp(double x) { return -least_of_warp(-x); }

__device__ Form form_of(double p11, double p12, double p22, const Limits& by) {
    if (!(p11 > 0 && p11 < by.infinity))
        return {by.none, by.none, by.none};
    const double l11 = sqrt(p11), l12 = p12 / l11, rest = p22 - l12 * l12;
    if (!(rest > 0 && rest < by.infinity))
        return {by.none, by.none, by.none};
    return {l11, l12, sqrt(rest)};
}

// A'PA, its elements 11, 12 and 22
__device__ void image_of(const Form& form, const Matrix& m, double* p) {
    const double u1 = form.l11 * m.a + form.l12 * m.c, u2 = form.l22 * m.c;
    const double v1 = form.l11 * m.b + form.l12 * m.d, v2 = form.l22 * m.d;
    p[0] = u1 * u1 + u2 * u2, p[1] = u1 * v1 + u2 * v2, p[2] = v1 * v1 + v2 * v2;
}

__device__ Matrix linear_at(const double* m, const double* at, double scale) {
    const double x = at[0], y = at[1];
    return {scale * ((m[1] + (m[3] + m[3]) * x) + m[4] * y), scale * ((m[2] + m[4] * x) + (m[5] + m[5]) * y),
            scale * ((m[7] + (m[9] + m[9]) * x) + m[10] * y), scale * ((m[8] + m[10] * x) + (m[11] + m[11]) * y)};
}

__device__ double triple(const double* u, const double* v, const double* w) {
    return (u[0] * (v[1] * w[2] - v[2] * w[1]) + u[1] * (v[2] * w[0] - v[0] * w[2])) +
           u[2] * (v[0] * w[1] - v[1] * w[0]);
}

// P = A'P'A + W along a cycle, solved for the P of its first point
__device__ Form first_form(const double* m, const double* cycle, int n, double scale, const double* w, const Limits& by) {
    Matrix k = linear_at(m, cycle, scale);
    for (int i = 1; i < n; i++) {
        const Matrix l = linear_at(m, cycle + 2 * i, scale);
        k = {l.a * k.a + l.b * k.c, l.a * k.b + l.b * k.d, l.c * k.a + l.d * k.c, l.c * k.b + l.d * k.d};
    }
    const double determinant = k.a * k.d - k.b * k.c, trace = k.a + k.d;
    if (!(fabs(determinant) < 1 && fabs(trace) < 1 + determinant))
        return {by.none, by.none, by.none};
    double p[3] = {w[0], w[1], w[2]};
    for (int i = n - 2; i >= 0; i--) {
        double image[3];
        image_of(form_of(p[0], p[1], p[2], by), linear_at(m, cycle + 2 * i, scale), image);
        for (int j = 0; j < 3; j++)
            p[j] = image[j] + w[j];
    }
    const double k0[3] = {1 - k.a * k.a, -(k.a * k.b), -(k.b * k.b)};
    const double k1[3] = {-2 * (k.a * k.c), 1 - (k.a * k.d + k.b * k.c), -2 * (k.b * k.d)};
    const double k2[3] = {-(k.c * k.c), -(k.c * k.d), 1 - k.d * k.d};
    const double whole = triple(k0, k1, k2);
    if (!(whole > 0))
        return {by.none, by.none, by.none};
    return form_of(triple(p, k1, k2) / whole, triple(k0, p, k2) / whole, triple(k0, k1, p) / whole, by);
}

// Q in the coordinates w: coefficients of w1^2, w1 w2 and w2^2, of both rows
__device__ void quadratic(const double* m, const Form& form, const Form& inverse, double* q) {
    const double i11 = inverse.l11, i12 = inverse.l12, i22 = inverse.l22;
    double rows[6];
    for (int i = 0; i < 2; i++) {
        const double *r = m + 6 * i + 3;
        rows[3 * i] = r[0] * (i11 * i11);
        rows[3 * i + 1] = 2 * (r[0] * (i11 * i12)) + r[1] * (i11 * i22);
        rows[3 * i + 2] = (r[0] * (i12 * i12) + r[1] * (i12 * i22)) + r[2] * (i22 * i22);
    }
    for (int j = 0; j < 3; j++)
        q[j] = form.l11 * rows[j] + form.l12 * rows[3 + j], q[3 + j] = form.l22 * rows[3 + j];
}

// |Aw|^2, |<Aw, Q(w)>| and |Q(w)|^2 in direction j of n
__device__ Parts parts_of(const Matrix& a, const double* q, const double* table, int n, int j) {
    const double x = table[j], y = table[n + j], xx = table[2 * n + j], xy = table[3 * n + j], yy = table[4 * n + j];
    const double u1 = a.a * x + a.b * y, u2 = a.c * x + a.d * y;
    const double v1 = (q[0] * xx + q[1] * xy) + q[2] * yy, v2 = (q[3] * xx + q[4] * xy) + q[5] * yy;
    return {u1 * u1 + u2 * u2, fabs(u1 * v1 + u2 * v2), v1 * v1 + v2 * v2};
}

__device__ double norm_of(const Form& form) {
    return sqrt((form.l11 * form.l11 + form.l12 * form.l12) + form.l22 * form.l22);
}

__device__ double magnitude(const Matrix& m) { return ((m.a * m.a + m.b * m.b) + m.c * m.c) + m.d * m.d; }

// By how much a coordinate of the image misses `to`; sets what its terms add up to at most
__device__ double missed(const double* r, const double* at, double to, double x, double y, double* terms) {
    const double value =
        (r[0] + at[0] * (r[1] + (r[3] * at[0] + r[4] * at[1]))) + at[1] * (r[2] + r[5] * at[1]);
    *terms = (fabs(r[0]) + x * (fabs(r[1]) + (fabs(r[3]) * x + fabs(r[4]) * y))) + y * (fabs(r[2]) + fabs(r[5]) * y);
    return fabs(value - to);
}

__device__ Level level_of(const double* m, const Matrix& linear, const double* here, const double* there,
                          const Form& form, const Form& target, const double* table, const Limits& by) {
    const double i11 = 1 / form.l11, i22 = 1 / form.l22;
    const Form inverse = {i11, -(form.l12 * i11) * i22, i22};
    const Matrix b = {linear.a * i11, linear.a * inverse.l12 + linear.b * i22, linear.c * i11,
                      linear.c * inverse.l12 + linear.d * i22};
    const Matrix w = {target.l11 * b.a + target.l12 * b.c, target.l11 * b.b + target.l12 * b.d, target.l22 * b.c,
                      target.l22 * b.d};
    double q[6];
    quadratic(m, target, inverse, q);
    const double norm = norm_of(target), reach = norm_of(inverse), condition = norm * reach;
    if (!(condition * (1 + sqrt(magnitude(linear))) <= by.max_condition))
        return {by.none, by.none};
    const double total = magnitude(w), determinant = w.a * w.d - w.b * w.c;
    const double square = (total - 2 * determinant) * (total + 2 * determinant), root = square > 0 ? sqrt(square) : 0.0;
    const double largest = (total + root) / 2, smallest = (total - root) / 2, share = 2 * (1 - smallest);
    const double goal = (1 - EPSILON * (share < 1 ? share : 1.0)) - by.slack;
    if (!(largest < 1))
        return {by.none, by.none};
    const Parts parts = parts_of(w, q, table, 32, threadIdx.x % 32);
    const double left = goal - parts.aa;
    double most = left / (parts.ab + sqrt(parts.ab * parts.ab + parts.bb * left));
    if (!__all_sync(ALL, left > 0 && most >= 0))
        return {by.none, by.none};
    most = least_of_warp(most);
    if (MAX_REACH / reach < most)
        most = MAX_REACH / reach;
    const double terms = ((fabs(m[3]) + fabs(m[4])) + fabs(m[5])) + ((fabs(m[9]) + fabs(m[10])) + fabs(m[11]));
    if (!(most * (condition * reach * terms) <= by.max_condition))
        return {by.none, by.none};
    const double x = fabs(here[0]) + most * reach, y = fabs(here[1]) + most * reach;
    double terms0, terms1;
    const double missed0 = missed(m, here, there[0], x, y, &terms0);
    const double missed1 = missed(m + 6, here, there[1], x, y, &terms1);
    double error = (missed0 + missed1) + by.roundoff * (terms0 + fabs(there[0]));
    error += by.roundoff * (terms1 + fabs(there[1]));
    const double spare = 1 - largest, limit = spare * spare / 32;
    return {most, norm * error / (limit < by.slack / 16 ? limit : by.slack / 16)};
}

struct Found {
    double level, area;
};

// Sets the forms of a cycle for one shape, l11, l12 and l22 of each row of `out`
__device__ __forceinline__ Found evaluate(const double* m, const double* cycle, int n, double scale, double q, double h,
                                       const double* table, double* out, const Limits& by) {
    const double w[3] = {1.0, q, q * q + h * h};
    const Form first = first_form(m, cycle, n, scale, w, by);
    Form target = first;
    double most = by.infinity, least = 0, area = 0;
    for (int i = n - 1; i >= 0; i--) {
        Form form = first;
        if (i > 0) {
            double p[3];
            image_of(target, linear_at(m, cycle + 2 * i, scale), p);
            form = form_of(p[0] + w[0], p[1] + w[1], p[2] + w[2], by);
        }
        if (!(form.l11 > 0))
            return {by.none, by.none};
        const Level level = level_of(m, linear_at(m, cycle + 2 * i, 1.0), cycle + 2 * i,
                                     cycle + 2 * (i + 1 < n ? i + 1 : 0), form, target, table, by);
        if (!(level.most >= 0))
            return {by.none, by.none};
        most = level.most < most ? level.most : most, least = level.least > least ? level.least : least;
        area += 1 / (form.l11 * form.l22);
        if (threadIdx.x % 32 == 0)
            out[5 * i + 2] = form.l11, out[5 * i + 3] = form.l12, out[5 * i + 4] = form.l22;
        target = form;
    }
    area = most * most * area;
    if (most >= least && area > 0 && area < by.infinity)
        return {most, area};
    return {by.none, by.none};
}

// The level of the shape with the largest area among those tried, whose forms are in `out`. All shapes are tried at one
// place, so that the code stands there once: SCALES, four neighbours a round, and the best again.
__device__ __forceinline__ double search(const double* m, const double* cycle, int n, int rounds, const double* table,
                                         double* out, const Limits& by) {
    const int last = N_SCALES + 4 * rounds;
    double best = -1, scale = 1, q = 0, h = 1, q0 = 0, h0 = 1, step = FIRST_STEP;
    bool is_better = false;
    for (int i = 0;; i++) {
        double tried = scale, q1 = q, h1 = h;
        const int turn = i < N_SCALES || i == last ? -1 : (i - N_SCALES) % 4;
        if (i < N_SCALES)
            tried = SCALES[i];
        if (turn == 0)
            q0 = q, h0 = h, is_better = false;
        if (turn >= 0) {
            q1 = turn == 0 ? q0 + step * h0 : turn == 1 ? q0 - step * h0 : q0;
            h1 = turn == 2 ? h0 * (1 + step) : turn == 3 ? h0 / (1 + step) : h0;
        }
        const Found found = evaluate(m, cycle, n, tried, q1, h1, table, out, by);
        if (i == last)
            return found.level;
        if (found.area > best)
            best = found.area, scale = tried, q = q1, h = h1, is_better = true;
        if (turn == 3 && !is_better)
            step = step / 2;
        if (i == N_SCALES - 1 && best < 0)
            return by.none;
    }
}

__device__ bool is_moderate(const double* m) {
    for (int i = 0; i < 12; i++)
        if (!(fabs(m[i]) <= MAX_COEFFICIENT))
            return false;
    return true;
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
find_basins(const double* maps, const double* cycles, u32 n_maps, int n_points, int rounds, const double* table,
            const Limits* limits, double* found) {
    const Limits by = *limits;
    const u32 map = blockIdx.x * (N_THREADS / 32) + threadIdx.x / 32;
    if (map >= n_maps)
        return;
    const double *m = maps + 12 * map, *cycle = cycles + size_t(2) * n_points * map;
    double* out = found + size_t(5) * n_points * map;
    int n = 0;
    while (n < n_points && cycle[2 * n] == cycle[2 * n] && cycle[2 * n + 1] == cycle[2 * n + 1])
        n++;
    const double level = n > 0 && is_moderate(m) ? search(m, cycle, n, rounds, table, out, by) : by.none;
    if (threadIdx.x % 32)
        return;
    const double scale = 1 / (level * (1 - by.slack / 16));
    for (int i = 0; i < n_points; i++) {
        const bool is_there = level > 0 && i < n;
        for (int j = 0; j < 5; j++)
            out[5 * i + j] = !is_there ? by.none : j < 2 ? cycle[2 * i + j] : out[5 * i + j] * scale;
    }
}

// What the directions of one number of them prove
struct Outside {
    const double *m, *table;
    int n;
    double epsilon, alpha, largest;

    __device__ Parts at(int j) const {
        const double q[6] = {m[3], m[4], m[5], m[9], m[10], m[11]};
        return parts_of({m[1], m[2], m[7], m[8]}, q, table, n, j);
    }

    // the least s from which on a - 2 b s + c s^2 > wanted in all directions
    __device__ double root(double wanted) const {
        double most = 0;
        for (int j = threadIdx.x % 32; j < n; j += 32) {
            const Parts parts = at(j);
            const double a = parts.aa - epsilon * (alpha * alpha), b = parts.ab + epsilon * (alpha * largest);
            const double c = parts.bb - epsilon * (largest * largest), under = b * b + c * (wanted - a);
            const double found = under < 0 ? 0.0 : (b + sqrt(under > 0 ? under : 0.0)) / c;
            most = found > most ? found : most;
        }
        return most_of_warp(most);
    }
};

struct Radius {
    double radius, left;
};

__device__ __forceinline__ Radius outside(const double* m, double epsilon, const double* table, int n,
                                          const Limits& by) {
    Outside of = {m, table, n, epsilon + by.spare, 0, 0};
    double a = 0, c = 0, least_c = by.infinity;
    for (int j = threadIdx.x % 32; j < n; j += 32) {
        const Parts parts = of.at(j);
        a = parts.aa > a ? parts.aa : a, c = parts.bb > c ? parts.bb : c;
        least_c = parts.bb < least_c ? parts.bb : least_c;
    }
    a = most_of_warp(a), c = most_of_warp(c), least_c = least_of_warp(least_c);
    const double kappa = 1 - epsilon;
    of.alpha = sqrt(a / kappa), of.largest = sqrt(c / kappa);
    const double least = least_c - of.epsilon * (of.largest * of.largest);
    if (!(least > 0))
        return {by.infinity, 0.0};
    const double one = 1 + by.growth, constant = one * sqrt(m[0] * m[0] + m[6] * m[6]);
    double radius = of.root(kappa * (one * one));
    if (constant > 0) {
        const double start = sqrt(constant / of.largest);
        radius = radius > start ? radius : start;
        double enough = radius;
        for (int i = 0; i < 2; i++) {
            double asked = one + constant / radius, beyond = of.root(kappa * (asked * asked));
            enough = beyond > radius ? beyond : radius;
            asked = one + constant / enough, beyond = of.root(kappa * (asked * asked));
            radius = beyond > start ? beyond : start;
        }
        radius = enough;
    }
    return {radius * one, least / least_c};
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
find_radii(const double* maps, u32 n_maps, const double* few, const double* many, const Limits* limits,
           double* found) {
    const Limits by = *limits;
    const u32 map = blockIdx.x * (N_THREADS / 32) + threadIdx.x / 32;
    if (map >= n_maps)
        return;
    const double* m = maps + 12 * map;
    double radius = by.infinity;
    for (int i = 0; i < 2 && is_moderate(m); i++) {
        const Radius proved =
            outside(m, i ? EPSILON_OF_MANY : EPSILON, i ? many : few, i ? N_MANY : N_FEW, by);
        radius = proved.radius < radius ? proved.radius : radius;
        if (!(proved.left < 0.875))
            break;
    }
    if (threadIdx.x % 32 == 0)
        found[map] = radius;
}
