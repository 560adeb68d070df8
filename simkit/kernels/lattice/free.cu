// Any layout of the coupled system, on bit planes with masks in global memory: a block a system, its threads in two
// dimensions, words of 32 cells along x, lowest bit first; spare bits of a row's last word are 0 in all masks.
//
// An interface cell holds its slot in all four packet planes, so that it streams out as packets do, and of its bond bit
// b = spin xor bond bit (see stack.cu).

// Planes of each of two states, and masks behind them: gas; mirrors; spins; where a packet of direction d is turned back;
// interface cells with their gas in direction d.
enum { PACKETS, SPINS = 4, B, PHASES, N_PLANES, GASES = 0, MIRRORS, SPIN_CELLS, BACK, TOWARDS = BACK + 4, N_MASKS = TOWARDS + 4 };
constexpr int N_ROOM = 2 * N_PLANES + N_MASKS;

// x or y and z
constexpr int OR_AND = 0xF8;

struct Lattice {
    int height, width, n_columns;
    int tail;  // cells in the last word of a row, 1..32
    u32* room;
    u32* masks;

    __device__ Lattice(int height, int width, u32* all)
        : height(height), width(width), n_columns((width + 31) / 32), tail((width - 1) % 32 + 1),
          room(all + u64(blockIdx.x) * N_ROOM * height * n_columns), masks(plane(2, 0)) {}

    __device__ u32* plane(int state, int index) const {
        return room + u64(state * N_PLANES + index) * height * n_columns;
    }

    __device__ int north(int y) const { return y > 0 ? y - 1 : height - 1; }
    __device__ int south(int y) const { return y < height - 1 ? y + 1 : 0; }

    // The cells west and east of those of word i.
    __device__ __forceinline__ u32 from_west(const u32* row, int i) const {
        return row[i] << 1 | (i > 0 ? row[i - 1] >> 31 : row[n_columns - 1] >> (tail - 1));
    }
    __device__ __forceinline__ u32 from_east(const u32* row, int i) const {
        return row[i] >> 1 | (i < n_columns - 1 ? row[i + 1] << 31 : (row[0] & 1) << (tail - 1));
    }

    __device__ int bit(int state, int index, int y, int x) const {
        return plane(state, index)[u64(y) * n_columns + x / 32] >> x % 32 & 1;
    }
    __device__ int mask(int index, int y, int x) const { return bit(2, index, y, x); }
};

__device__ __forceinline__ bool holds_packets(int kind) { return kind == GAS || kind == MIRROR_KIND; }

__device__ void load(const Lattice& at, const u8* cells, const u32* features) {
    for (int y = threadIdx.y; y < at.height; y += blockDim.y)
        for (int i = threadIdx.x; i < at.n_columns; i += blockDim.x) {
            u32 state[N_PLANES] = {}, masks[N_MASKS] = {};
#pragma unroll 1
            for (int x = 32 * i; x < 32 * (i + 1) && x < at.width; x++) {
                const u8* row = cells + u64(y) * at.width;
                const u32 here = features[row[x]];
                const u8 near[4] = {cells[u64(at.north(y)) * at.width + x], row[x < at.width - 1 ? x + 1 : 0],
                                    cells[u64(at.south(y)) * at.width + x], row[x > 0 ? x - 1 : at.width - 1]};
                const int kind = here >> KIND_PLACE;
                const bool is_interface = kind == INTERFACE;
                const u32 spin = here >> SPIN_BIT & 1, bond = here >> BOND_PLACE & 1, slot = here >> SLOT_PLACE & 1;
                const auto put = [x](u32& word, u32 bit) { word |= bit << x % 32; };
                put(state[SPINS], spin);
                put(state[B], is_interface ? spin ^ bond : 0);
                put(state[PHASES], here >> PHASE_PLACE & 1);
                put(masks[GASES], kind == GAS);
                put(masks[MIRRORS], kind == MIRROR_KIND);
                put(masks[SPIN_CELLS], kind == ISING || is_interface);
#pragma unroll
                for (int d = 0; d < 4; d++) {
                    const int ahead = features[near[d]] >> KIND_PLACE, behind = features[near[(d + 2) % 4]] >> KIND_PLACE;
                    put(state[PACKETS + d], is_interface ? slot : here >> d & 1);
                    put(masks[BACK + d], holds_packets(kind) && !holds_packets(behind) && behind != INTERFACE);
                    put(masks[TOWARDS + d], is_interface && holds_packets(ahead));
                }
            }
#pragma unroll
            for (int k = 0; k < N_PLANES; k++)
                at.plane(0, k)[u64(y) * at.n_columns + i] = state[k];
#pragma unroll
            for (int k = 0; k < N_MASKS; k++)
                at.plane(2, k)[u64(y) * at.n_columns + i] = masks[k];
        }
}

// Put the state after `now` into the other.
__device__ __forceinline__ void step(const Lattice& at, int now) {
    const u64 size = u64(at.height) * at.n_columns;
    for (int y = threadIdx.y; y < at.height; y += blockDim.y)
        for (int i = threadIdx.x; i < at.n_columns; i += blockDim.x) {
            const u64 row = u64(y) * at.n_columns, here = row + i;
            const u64 above = u64(at.north(y)) * at.n_columns + i, below = u64(at.south(y)) * at.n_columns + i;
            const u32* planes = at.plane(now, 0);
            const u32* masks = at.plane(2, 0) + here;
            const u32 to_n = masks[TOWARDS * size], to_e = masks[(TOWARDS + 1) * size];
            const u32 to_s = masks[(TOWARDS + 2) * size], to_w = masks[(TOWARDS + 3) * size];

            // What comes in, and of that what an interface cell takes; else gas and mirrors.
            const u32 n0 = planes[here], e0 = planes[size + here], s0 = planes[2 * size + here];
            const u32 w0 = planes[3 * size + here];
            u32 n = planes[below], e = at.from_west(planes + size + row, i);
            u32 s = planes[2 * size + above], w = at.from_east(planes + 3 * size + row, i);
            const u32 came = lut3<OR_AND>(lut3<OR_AND>(lut3<OR_AND>(s & to_n, n, to_s), w, to_e), e, to_w);
            n = lut3<SELECT>(masks[BACK * size], s0, n);
            e = lut3<SELECT>(masks[(BACK + 1) * size], w0, e);
            s = lut3<SELECT>(masks[(BACK + 2) * size], n0, s);
            w = lut3<SELECT>(masks[(BACK + 3) * size], e0, w);
            const u32 gases = masks[GASES * size], mirrors = masks[MIRRORS * size], either = gases | mirrors;
            const u32 turns = lut3<HEAD_ON>(lut3<PAIR>(e, w, n), n, s) & gases;

            // Spins, and the swap of the interface.
            const u32* others = planes + SPINS * size;
            const u32 b = planes[B * size + here], phases = planes[PHASES * size + here];
            const u32 up = lut3<OR_AND>(others[above], b, to_n), down = lut3<OR_AND>(others[below], b, to_s);
            const u32 right = lut3<OR_AND>(at.from_east(others + row, i), b, to_e);
            const u32 left = lut3<OR_AND>(at.from_west(others + row, i), b, to_w);
            const u32 two = lut3<TWO>(lut3<MAJ>(up, down, right), lut3<XOR3>(up, down, right), left);
            const u32 spins = others[here] ^ (two & phases), interface = to_n | to_e | to_s | to_w;
            const u32 slot = (spins ^ b) & interface;

            u32* after = at.plane(1 - now, 0) + here;
            after[0] = lut3<OR_AND>(slot, lut3<SELECT>(mirrors, s, n ^ turns), either);
            after[size] = lut3<OR_AND>(slot, lut3<SELECT>(mirrors, w, e ^ turns), either);
            after[2 * size] = lut3<OR_AND>(slot, lut3<SELECT>(mirrors, n, s ^ turns), either);
            after[3 * size] = lut3<OR_AND>(slot, lut3<SELECT>(mirrors, e, w ^ turns), either);
            after[SPINS * size] = spins;
            after[B * size] = (spins ^ came) & interface;
            after[PHASES * size] = phases ^ masks[SPIN_CELLS * size];
        }
    __syncthreads();
}

// Replace what the mirrors of the first and last column are about to emit by `words`; add what this gives.
__device__ void drive_walls(const Lattice& at, int state, const u64* words, int n_words, u64* so_far) {
    if (threadIdx.x == 0)
        for (int y = threadIdx.y; y < at.height; y += blockDim.y)
            for (int wall = 0; wall < 2; wall++) {
                const int x = wall ? at.width - 1 : 0;
                u32& word = at.plane(state, wall ? 3 : 1)[u64(y) * at.n_columns + x / 32];
                const u32 now = words[wall * n_words + y % n_words] >> y / n_words & 1, old = word >> x % 32 & 1;
                word ^= (now ^ old) << x % 32;
                so_far[wall] += u64(now) - old;
            }
    __syncthreads();
}

// A thread counts whole columns.
__device__ void count(const Lattice& at, int state, int time, const int* regions, u64* census) {
    for (int x = threadIdx.y * blockDim.x + threadIdx.x; x < at.width; x += blockDim.x * blockDim.y) {
        int packets[4][2] = {}, mirrored = 0, slots = 0, bits = 0, ups = 0, unsatisfied = 0, sites[5] = {};
        for (int y = 0; y < at.height; y++) {
            const int spin = at.bit(state, SPINS, y, x), is_gas = at.mask(GASES, y, x), odd = (y + x + time) & 1;
            const int is_mirror = at.mask(MIRRORS, y, x), is_spin = at.mask(SPIN_CELLS, y, x);
            int u = 0;
#pragma unroll
            for (int d = 0; d < 4; d++) {
                const int packet = at.bit(state, PACKETS + d, y, x);
                packets[d][0] += is_gas & packet & (1 - odd);
                packets[d][1] += is_gas & packet & odd;
                mirrored += is_mirror & packet;
                const int far_y = d == 0 ? at.north(y) : d == 2 ? at.south(y) : y;
                const int far_x = d == 1 ? (x < at.width - 1 ? x + 1 : 0) : d == 3 ? (x > 0 ? x - 1 : at.width - 1) : x;
                const int to_gas = at.mask(TOWARDS + d, y, x);
                const int bond = is_spin & (spin ^ (to_gas ? at.bit(state, B, y, x) : at.bit(state, SPINS, far_y, far_x)));
                slots += to_gas & packet;
                bits += to_gas & bond;
                unsatisfied += bond & (1 - to_gas) & (d == 1 || d == 2 || !at.mask(SPIN_CELLS, far_y, far_x));
                u += bond;
            }
            ups += is_spin & spin;
#pragma unroll
            for (int k = 0; k < 5; k++)
                sites[k] += is_spin & (u == k);
        }
        u64* into = census + regions[x] * N_QUANTITIES;
#pragma unroll
        for (int d = 0; d < 8; d++)
            atomicAdd(into + d, u64(packets[d / 2][d % 2]));
        atomicAdd(into + MIRROR, u64(mirrored));
        atomicAdd(into + SLOT, u64(slots));
        atomicAdd(into + BOND_BIT, u64(bits));
        atomicAdd(into + UP, u64(ups));
        atomicAdd(into + UNSATISFIED, u64(unsatisfied));
#pragma unroll
        for (int k = 0; k < 5; k++)
            atomicAdd(into + SITES + k, u64(sites[k]));
    }
}

// As `run_stack`, but for any layout; `room` has the planes of all systems. With no drive `n_words` is 0.
extern "C" __global__ void __launch_bounds__(N_THREADS, 1)
    run_free(u8* cells, int height, int width, const u32* features, const u8* first_state, const int* regions,
             int n_regions, int n_steps, int every, int start, const u64* drive, int n_words, u32* room, u64* census,
             u64* given) {
    const u64 system = blockIdx.x, n_samples = every ? 1 + n_steps / every : 0;
    const Lattice at(height, width, room);
    u64 so_far[2] = {0, 0};
    cells += system * height * width;
    census += system * n_samples * n_regions * N_QUANTITIES;
    given += 2 * system * n_samples;
    drive += 2 * n_words * system * n_steps;
    load(at, cells, features);
    __syncthreads();
    for (int t = 0, until = every ? 0 : -1;; t++) {
        if (t == until) {
            count(at, t % 2, start + t, regions, census);
            for (int wall = 0; wall < 2; wall++)
                if (so_far[wall])
                    atomicAdd(given + wall, so_far[wall]);
            census += n_regions * N_QUANTITIES;
            given += 2;
            until = n_steps - t < every ? -1 : until + every;
        }
        if (t == n_steps)
            break;
        step(at, t % 2);
        if (n_words)
            drive_walls(at, 1 - t % 2, drive + 2 * u64(t) * n_words, n_words, so_far);
    }
    const int now = n_steps % 2;
    for (int y = threadIdx.y; y < height; y += blockDim.y)
        for (int x = threadIdx.x; x < width; x += blockDim.x) {
            u8& cell = cells[u64(y) * width + x];
            const u32 kind = features[cell] >> KIND_PLACE, s = at.bit(now, SPINS, y, x), f = at.bit(now, PHASES, y, x);
            u32 bits = 0;
#pragma unroll
            for (int d = 0; d < 4; d++)
                bits |= at.bit(now, PACKETS + d, y, x) << d;
            if (kind == ISING)
                bits = s + 2 * f;
            if (kind == INTERFACE)
                bits = s + 2 * (s ^ at.bit(now, B, y, x)) + 4 * (bits & 1) + 8 * f;
            cell = u8(first_state[kind] + bits);
        }
}
