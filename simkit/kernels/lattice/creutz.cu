// Creutz's demons: a block a system, either a lane a column (see columns.cu), or, where that does not fit, cell by cell
// in global memory. Cells are s + 2 D + 8 f.

constexpr int LOW = 1, HIGH = 2, PHASE = 3;

template <int COLOUR>
__device__ __forceinline__ void turn(Column& spins, const Column& beyond, Column& low, Column& high, const Place& at) {
#pragma unroll
    for (int r = COLOUR; r < ROWS; r += 2) {
        const u64 s = spins[r];
        const Near near(spins, beyond, r, at);
        const Sum u(s ^ near.north, s ^ near.south, s ^ near.west, s ^ near.east);
        const u64 carry = u.ones & low[r];
        const u64 ones = u.ones ^ low[r], twos = lut3<XOR3>(u.twos, high[r], carry);
        const u64 fours = u.fours ^ lut3<MAJ>(u.twos, high[r], carry), flips = fours ^ twos;  // 2 <= T <= 5
        spins[r] = s ^ flips;
        low[r] = lut3<SELECT>(flips, ones, low[r]);
        high[r] = lut3<SELECT>(flips, fours, high[r]);
    }
}

__device__ __forceinline__ void count(const Column& spins, const Column& beyond, const Column& low, const Column& high,
                                      const Place& at, u64* census) {
    int n[N_QUANTITIES] = {};
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const u64 s = spins[r];
        const Near near(spins, beyond, r, at);
        const Sum u(s ^ near.north, s ^ near.south, s ^ near.west, s ^ near.east);
        n[0] += __popcll(s);
        n[1] += __popcll(s ^ near.south) + __popcll(s ^ near.east);
        n[2] += __popcll(~(u.ones | u.twos | u.fours));
        n[3] += __popcll(u.ones & ~u.twos);
        n[4] += __popcll(u.twos & ~u.ones);
        n[5] += __popcll(u.ones & u.twos);
        n[6] += __popcll(u.fours);
        n[7] += __popcll(~(low[r] | high[r]));
        n[8] += __popcll(low[r] & ~high[r]);
        n[9] += __popcll(high[r] & ~low[r]);
        n[10] += __popcll(low[r] & high[r]);
    }
#pragma unroll
    for (int k = 0; k < N_QUANTITIES; k++)
        tally(census, 0, true, k, at.is_inside() ? n[k] : 0);
}

// A warp has `first[w]` .. `first[w + 1]` of the columns. `colour` is that of the spins that are active first. With no
// census `every` is 0.
extern "C" __global__ void __launch_bounds__(N_THREADS, 1)
    run_creutz(u8* cells, int width, const int* first, const u32* bits, int colour, int n_steps, int every,
               u64* census) {
    const int number = threadIdx.x / 32, n_warps = blockDim.x / 32;
    const Place at = {int(threadIdx.x % 32), first[number + 1] - first[number]};
    const int x = first[number] + (at.is_inside() ? at.lane : 0), side = at.is_last() ? 1 : 0;
    const int own = 2 * number + side, next = 2 * ((number + (side ? 1 : n_warps - 1)) % n_warps) + 1 - side;
    const bool is_shifted = at.lane % 2;
    cells += u64(blockIdx.x) * HEIGHT * width;
    census += u64(blockIdx.x) * u64(every ? 1 + n_steps / every : 0) * N_QUANTITIES;

    Column spins, low, high, beyond = {};
    gather(cells + x, width, is_shifted, bits, 0, spins);
    gather(cells + x, width, is_shifted, bits, LOW, low);
    gather(cells + x, width, is_shifted, bits, HIGH, high);
    if (at.is_end())
        show(ports[0][own], spins, is_shifted);
    for (int t = 0, until = every ? 0 : -1;; t++) {
        __syncthreads();
        if (at.is_end())
            take(ports[t & 1][next], beyond, is_shifted);
        if (t == until) {
            count(spins, beyond, low, high, at, census);
            census += N_QUANTITIES;
            until = n_steps - t < every ? -1 : until + every;
        }
        if (t == n_steps)
            break;
        if ((colour + t) & 1)
            turn<1>(spins, beyond, low, high, at);
        else
            turn<0>(spins, beyond, low, high, at);
        if (at.is_end())
            show(ports[1 - (t & 1)][own], spins, is_shifted);
    }
    if (!at.is_inside())
        return;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll 1
        for (int b = 0; b < 64; b++) {
            u8& cell = cells[u64((r + is_shifted + b * ROWS) % HEIGHT) * width + x];
            const u32 phase = (cell >> PHASE ^ n_steps) & 1;
            cell = u8((spins[r] >> b & 1) | (low[r] >> b & 1) << LOW | (high[r] >> b & 1) << HIGH | phase << PHASE);
        }
}
