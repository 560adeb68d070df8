// A board of any size in global memory, advanced by one block of threads.
//
// A state is rows of words of 32 cells, lowest bit first; spare bits of a row's last word are 0. A thread has a column
// of words, from one row to another, and keeps the sums of two rows while it goes down.

// What the block took from the queue.
__shared__ int taken;

// States of a board, by slot; see settle.cu. All members have the same value in every thread of the block.
struct Board {
    int height, n_bytes_of_row, n_columns;
    int tail;  // cells in the last word of a row, 1..32
    u32* state[N_SLOTS];
    u32* spare;

    __device__ Board(int height, int width, u32* room)
        : height(height), n_bytes_of_row((width + 7) / 8), n_columns((width + 31) / 32), tail((width - 1) % 32 + 1) {
        u32* mine = room + u64(blockIdx.x) * (N_SLOTS + 1) * n_words();
        for (int slot = 0; slot < N_SLOTS; slot++)
            state[slot] = mine + slot * n_words();
        spare = mine + N_SLOTS * n_words();
    }

    __device__ int n_words() const { return height * n_columns; }

    __device__ int n_bytes() const { return height * n_bytes_of_row; }

    __device__ bool is_first() const { return threadIdx.x == 0; }

    __device__ int take(int* queue) const {
        __syncthreads();  // all have read what was taken before
        if (threadIdx.x == 0)
            taken = atomicAdd(queue, 1);
        __syncthreads();
        return taken;
    }

    __device__ void load(const u8* board, int slot) const {
        for (int i = threadIdx.x; i < n_words(); i += blockDim.x) {
            const int first = i % n_columns * 4;
            const u8* row = board + i / n_columns * n_bytes_of_row;
            u32 word = 0;
            for (int j = first; j < first + 4 && j < n_bytes_of_row; j++)
                word |= u32(row[j]) << 8 * (j - first);
            state[slot][i] = word;
        }
        __syncthreads();
    }

    __device__ void store(int slot, u8* board) const {
        for (int i = threadIdx.x; i < n_bytes(); i += blockDim.x) {
            const int j = i % n_bytes_of_row;
            board[i] = u8(state[slot][i / n_bytes_of_row * n_columns + j / 4] >> 8 * (j % 4));
        }
    }

    __device__ bool same(int a, int b) const {
        u32 difference = 0;
        for (int i = threadIdx.x; i < n_words(); i += blockDim.x)
            difference |= state[a][i] ^ state[b][i];
        return !__syncthreads_or(difference != 0);
    }

    // XOR3 and MAJ of the cells left of, at and right of word `w` of a row.
    __device__ __forceinline__ void sum(const u32* row, int w, u32& h0, u32& h1, u32& c) const {
        const int last = n_columns - 1;
        c = row[w];
        const u32 left = c << 1 | row[w > 0 ? w - 1 : last] >> (w > 0 ? 31 : tail - 1);
        const u32 right = c >> 1 | (row[w < last ? w + 1 : 0] & 1) << (w < last ? 31 : tail - 1);
        h0 = lut3<XOR3>(left, c, right);
        h1 = lut3<MAJ>(left, c, right);
    }

    __device__ void generation(const u32* from, u32* to) const {
        const int w = threadIdx.x % n_columns, band = threadIdx.x / n_columns, n_bands = blockDim.x / n_columns;
        if (band < n_bands) {
            const int start = band * height / n_bands, stop = (band + 1) * height / n_bands;
            const u32 inside = 0xFFFFFFFF >> (w < n_columns - 1 ? 0 : 32 - tail);
            u32 p0, p1, q0, q1, r0, r1, c, next;
            sum(from + (start > 0 ? start - 1 : height - 1) * n_columns, w, p0, p1, c);
            sum(from + start * n_columns, w, q0, q1, c);
            for (int y = start; y < stop; y++) {
                sum(from + (y < height - 1 ? y + 1 : 0) * n_columns, w, r0, r1, next);
                to[y * n_columns + w] = rule_stage(p0, q0, r0, p1, q1, r1, c) & inside;
                p0 = q0, p1 = q1, q0 = r0, q1 = r1, c = next;
            }
        }
        __syncthreads();
    }

    __device__ void advance(int from, int to, int n) {
        const u32* source = state[from];
        if (n == 0 && from != to) {
            for (int i = threadIdx.x; i < n_words(); i += blockDim.x)
                state[to][i] = source[i];
            __syncthreads();
        }
        for (; n > 0; n--) {
            // The first step of several leaves the state in `from` alone; then `to` and the spare room take turns.
            generation(source, spare);
            u32* filled = spare;
            spare = state[to];
            state[to] = filled;
            source = filled;
        }
    }
};
