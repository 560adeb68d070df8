// Stacks of the coupled system: a block a system, a lane a column of it (see columns.cu).
//
// Of an interface cell the lane of its spin keeps b = spin xor bond bit, which is what the fourth neighbour of an
// ordinary spin would be, and shows the slot at its port, like a packet of the next column of gas. Gas shows what heads
// out. What a mirror holds is what its port showed a step before.

// A warp in the table `warps`. A side of it ends JOINED to a warp of its own sort, FACING one of the other, MIRRORED,
// DRIVEN (a thermal wall), or FIXED (spins at cells that never change).
struct Warp {
    int is_gas, first, n, colour;
    struct {
        int link, port;
    } side[2];
};

constexpr int N = 0, E = 1, S = 2, W = 3, SPINS = 0, BEYOND = 1;
typedef Column State[4];

__device__ __forceinline__ void stream(State& state, const Column& in, const Place& at) {
    Column next[4];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const u64 n = below(state[N], r), s = above(state[S], r);
        u64 e = __shfl_up_sync(ALL, state[E][r], 1), w = __shfl_down_sync(ALL, state[W][r], 1);
        e = at.is_first() ? in[r] : e;
        w = at.is_last() ? in[r] : w;
        const u64 turns = lut3<HEAD_ON>(lut3<PAIR>(e, w, n), n, s);
        next[N][r] = n ^ turns, next[E][r] = e ^ turns, next[S][r] = s ^ turns, next[W][r] = w ^ turns;
    }
#pragma unroll
    for (int i = 0; i < 4 * ROWS; i++)
        state[i / ROWS][i % ROWS] = next[i / ROWS][i % ROWS];
}

template <int COLOUR>
__device__ __forceinline__ void flip(State& state, const Place& at) {
#pragma unroll
    for (int r = COLOUR; r < ROWS; r += 2) {
        const Near near(state[SPINS], state[BEYOND], r, at);
        const u64 carry = lut3<MAJ>(near.north, near.south, near.west);
        state[SPINS][r] ^= lut3<TWO>(carry, lut3<XOR3>(near.north, near.south, near.west), near.east);
    }
}

// Packets by direction and class. `parity` is that of x + time.
__device__ __forceinline__ void count_gas(const State& state, const Place& at, u64* census, int region, int parity) {
    const bool is_uniform = __all_sync(ALL, region == __shfl_sync(ALL, region, 0));
#pragma unroll
    for (int d = 0; d < 4; d++) {
        int n[2] = {0, 0};
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            n[r % 2] += at.is_inside() ? __popcll(state[d][r]) : 0;
        tally(census, region, is_uniform, 2 * d, parity ? n[1] : n[0]);
        tally(census, region, is_uniform, 2 * d + 1, parity ? n[0] : n[1]);
    }
}

__device__ __forceinline__ void count_spins(const State& state, const Place& at, u64* census, int region, int link) {
    const bool is_uniform = __all_sync(ALL, region == __shfl_sync(ALL, region, 0));
    int up = 0, unsatisfied = 0, bits = 0, u[5] = {};
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const u64 s = state[SPINS][r];
        const Near near(state[SPINS], state[BEYOND], r, at);
        const u64 south = s ^ near.south, east = s ^ near.east, west = s ^ near.west;
        const Sum sum(s ^ near.north, south, west, east);
        up += __popcll(s);
        unsatisfied += __popcll(south) + (at.is_last() && link == FACING ? 0 : __popcll(east));
        unsatisfied += at.is_first() && link == FIXED ? __popcll(west) : 0;
        bits += at.is_end() && link == FACING ? __popcll(at.is_first() ? west : east) : 0;
        u[0] += __popcll(~(sum.ones | sum.twos | sum.fours));
        u[1] += __popcll(sum.ones & ~sum.twos);
        u[2] += __popcll(sum.twos & ~sum.ones);
        u[3] += __popcll(sum.ones & sum.twos);
        u[4] += __popcll(sum.fours);
    }
    tally(census, region, is_uniform, BOND_BIT, at.is_inside() ? bits : 0);
    tally(census, region, is_uniform, UP, at.is_inside() ? up : 0);
    tally(census, region, is_uniform, UNSATISFIED, at.is_inside() ? unsatisfied : 0);
#pragma unroll
    for (int k = 0; k < 5; k++)
        tally(census, region, is_uniform, SITES + k, at.is_inside() ? u[k] : 0);
}

// Show at a port what heads out of the gas, or what an interface, or a warp's other neighbours, see of the spins there.
__device__ __forceinline__ void show_gas(Column& port, const State& state, int side) {
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        port[r] = side ? state[E][r] : state[W][r];
}
__device__ __forceinline__ void show_spins(Column& port, const State& state, bool is_shifted, bool is_interface) {
    const u64 mask = is_interface ? ~u64(0) : 0;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        port[r] = is_shifted ? above(state[SPINS], r) ^ (above(state[BEYOND], r) & mask)
                             : state[SPINS][r] ^ (state[BEYOND][r] & mask);
}

// `cells` (system, y, x) are run in place. `features` says of each state what its bits are, `first_state` of each kind
// which is its first; `drive` is (system, step, wall, ROWS), `census` (system, sample, region, quantity) of zeros,
// `given` (system, sample, wall) too. With no census `every` is 0.
extern "C" __global__ void __launch_bounds__(N_THREADS, 1)
    run_stack(u8* cells, int width, const Warp* warps, const u32* features, const u8* first_state, const int* regions,
              int n_regions, int n_steps, int every, int start, const u64* drive, u64* census, u64* given) {
    const u64 system = blockIdx.x, n_samples = every ? 1 + n_steps / every : 0;
    const Warp& warp = warps[threadIdx.x / 32];
    const bool is_gas = warp.is_gas;
    const Place at = {int(threadIdx.x % 32), warp.n};
    const int x = (warp.first + (at.is_inside() ? at.lane : warp.n - 1)) % width;
    const int side = at.is_last() ? 1 : 0, link = at.is_end() ? warp.side[side].link : JOINED;
    const int port = warp.side[side].port, own = threadIdx.x / 32 * 2 + side;
    const int beyond_x = (x + (side ? 1 : width - 1)) % width, colour = warp.colour;
    const bool is_shifted = !is_gas && at.lane % 2, is_wall = link == MIRRORED || link == DRIVEN;
    cells += system * HEIGHT * width;

    State state;
    Column in;
    if (is_gas) {
#pragma unroll
        for (int d = 0; d < 4; d++)
            gather(cells + x, width, false, features, d, state[d]);
        if (is_wall) {
            gather(cells + beyond_x, width, false, features, side ? W : E, in);
            show(ports[1][own], in, false);
        }
        if (at.is_end())
            show_gas(ports[0][own], state, side);
    } else {
        gather(cells + x, width, is_shifted, features, SPIN_BIT, state[SPINS]);
        gather(cells + (link == FIXED ? beyond_x : x), width, is_shifted, features, SPIN_BIT, state[BEYOND]);
        if (link == FACING) {
            gather(cells + x, width, is_shifted, features, BOND_PLACE, in);
#pragma unroll
            for (int r = 0; r < ROWS; r++)
                state[BEYOND][r] ^= in[r];
            gather(cells + x, width, is_shifted, features, SLOT_PLACE, in);
            show(ports[0][own], in, is_shifted);
        } else if (at.is_end()) {
            show_spins(ports[0][own], state, is_shifted, false);
        }
    }

    u64 so_far = 0;
    // Take at time t what the neighbours show. A mirror holds what was shown to it a step before.
    const auto arrive = [&](int t) {
        if (!at.is_end() || link == FIXED)
            return;
        if (is_wall)
            take(ports[1 - (t & 1)][own], in, false);
        else if (is_gas || link == FACING)
            take(ports[t & 1][port], in, is_shifted);
        else
            take(ports[t & 1][port], state[BEYOND], is_shifted);
        if (link == DRIVEN && t > 0) {
            const u64* words = drive + ((system * n_steps + t - 1) * 2 + side) * ROWS;
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                so_far += __popcll(words[r]) - __popcll(in[r]);
                in[r] = words[r];
            }
        }
    };
    __syncthreads();
    arrive(0);
    for (int t = 0;;) {
        if (every && t % every == 0) {
            const u64 sample = system * n_samples + t / every;
            u64* counts = census + sample * n_regions * N_QUANTITIES;
            if (is_gas)
                count_gas(state, at, counts, regions[x], (x + start + t) & 1);
            else
                count_spins(state, at, counts, regions[x], link);
            if (is_gas && link != JOINED) {
                int n = 0;
#pragma unroll
                for (int r = 0; r < ROWS; r++)
                    n += __popcll(in[r]);
                atomicAdd(counts + regions[beyond_x] * N_QUANTITIES + (link == FACING ? SLOT : MIRROR), u64(n));
            }
            if (link == DRIVEN)
                given[2 * sample + side] = so_far;
        }
        if (t == n_steps)
            break;
        const int stop = !every || n_steps - t < every ? n_steps : t + every;
#pragma unroll 1
        while (t < stop) {
            if (is_gas) {
                stream(state, in, at);
                if (at.is_end())
                    show_gas(ports[1 - (t & 1)][own], state, side);
            } else {
                if ((colour + t) & 1)
                    flip<1>(state, at);
                else
                    flip<0>(state, at);
                if (at.is_end())
                    show_spins(ports[1 - (t & 1)][own], state, is_shifted, link == FACING);
                if (link == FACING) {
#pragma unroll
                    for (int r = 0; r < ROWS; r++)
                        state[BEYOND][r] = state[SPINS][r] ^ in[r];
                }
            }
            t++;
            __syncthreads();
            arrive(t);
        }
    }

    if (link == FACING && !is_gas)
        take(ports[n_steps % 2][own], in, is_shifted);  // the slot
    if (!at.is_inside())
        return;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll 1
        for (int b = 0; b < 64; b++) {
            u8* row = cells + u64((r + is_shifted + b * ROWS) % HEIGHT) * width;
            if (is_gas) {
                u32 packets = 0;
#pragma unroll
                for (int d = 0; d < 4; d++)
                    packets |= u32(state[d][r] >> b & 1) << d;
                row[x] = u8(first_state[GAS] + packets);
                if (is_wall)
                    row[beyond_x] = u8(first_state[MIRROR_KIND] + (u32(in[r] >> b & 1) << (side ? W : E)));
            } else {
                const u32 s = state[SPINS][r] >> b & 1, phase = (features[row[x]] >> PHASE_PLACE ^ n_steps) & 1;
                const u32 d = s ^ (state[BEYOND][r] >> b & 1), p = in[r] >> b & 1;
                row[x] = link == FACING ? u8(first_state[INTERFACE] + s + 2 * d + 4 * p + 8 * phase)
                                        : u8(first_state[ISING] + s + 2 * phase);
            }
        }
}
