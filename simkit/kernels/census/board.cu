// A board on a torus, and the memory that a warp has for its census.
//
// Rows are words of 32 cells, lowest bit first; spare bits of a row's last word are 0. A cell is numbered y width + x. A
// node is a cell that is alive at generation 0, in reading order. A winding says how often the torus is crossed, down
// and to the right: wy 2^32 + wx, so that windings are added and compared as one number.

typedef long long i64;

constexpr int LANES = 32, N_SIDES = 4;  // sides of a contact at most: no two of them adjacent on a ring of eight
constexpr u32 ALL = 0xFFFFFFFF;         // lanes, as the mask of a vote

// A node and a winding: where a cell comes from, or a link of a forest (see forest.cu).
struct alignas(16) Seat {
    i64 winding;
    u32 node;
};

// What is near a dead cell: parts, and how many live neighbours each has.
struct Contact {
    Seat sides[N_SIDES];
    int n[N_SIDES];
    int n_sides;
};

// A choice that the search of split.cu is at: contact, the side that cannot stay alone, the side that it is joined with.
struct Level {
    Contact contact;
    int unfit, other, n_log;
};

// One for each warp, in shared memory: the same for all its lanes.
struct Board {
    int height, width, n_columns, n_words, n_nodes, n_objects, period;
    u32 birth, survival;
    u32 *start, *now, *after, *born, *contacts;       // words: generation 0, this one, the next, and cells of interest
    u32 *cells, *first, *link, *log;                  // of each node: its cell, ...; see split.cu
    Seat *origin;                                     // of each live cell: the node from which it descends
    Seat *forest, *kept, *merged;                     // of each node: its link; see split.cu
    Level* levels;
    int n_log, n_links;                               // entries in the log; links made since the search began
    bool is_logged;
    Contact open;

    __device__ int n_cells() const { return height * width; }

    __device__ int tail() const { return (width - 1) % 32 + 1; }  // cells in the last word of a row, 1..32
};

__shared__ Board boards_of_block[N_WARPS];

__device__ __forceinline__ int lane() { return threadIdx.x % LANES; }

__device__ __forceinline__ i64 winding(int wy, int wx) { return wy * (i64(1) << 32) + wx; }

__device__ __forceinline__ bool is_in(const u32* words, const Board& b, int y, int x) {
    return words[y * b.n_columns + x / 32] >> x % 32 & 1;
}

// The neighbours of a cell, in reading order; the cell itself is number 4.
struct Neighbour {
    int y, x;
    i64 crossing;

    __device__ __forceinline__ Neighbour(const Board& b, int y0, int x0, int number) {
        y = y0 + number / 3 - 1, x = x0 + number % 3 - 1;
        const int cy = y < 0 ? -1 : y == b.height, cx = x < 0 ? -1 : x == b.width;
        y -= cy * b.height, x -= cx * b.width;
        crossing = winding(cy, cx);
    }
};

// This lane's share of the bits of a board's words.
struct Bits {
    const u32* words;
    int i, y, x;
    u32 left;

    __device__ __forceinline__ explicit Bits(const u32* words) : words(words), i(lane() - LANES), y(0), x(0), left(0) {}

    __device__ __forceinline__ bool next(const Board& b) {
        while (!left) {
            i += LANES;
            if (i >= b.n_words)
                return false;
            left = words[i];
        }
        y = i / b.n_columns;
        x = i % b.n_columns * 32 + __ffs(int(left)) - 1;
        left &= left - 1;
        return true;
    }
};

// Reads a packed board, numbers its nodes, and begins at generation 0.
__device__ void load(Board& b, const u8* packed) {
    const int n_bytes = (b.width + 7) / 8;
    int n_nodes = 0;
    for (int round = 0; round < b.n_words; round += LANES) {
        const int i = round + lane();
        u32 word = 0;
        if (i < b.n_words) {
            const int first = i % b.n_columns * 4;
            for (int j = first; j < first + 4 && j < n_bytes; j++)
                word |= u32(packed[i / b.n_columns * n_bytes + j]) << 8 * (j - first);
            b.start[i] = word;
        }
        int before = __popc(word);
        for (int n = 1; n < LANES; n *= 2) {
            const int other = __shfl_up_sync(ALL, before, n);
            before += lane() >= n ? other : 0;
        }
        const int here = __shfl_sync(ALL, before, LANES - 1);
        int node = n_nodes + before - __popc(word);
        for (u32 left = word; left; left &= left - 1)
            b.cells[node++] = i / b.n_columns * b.width + i % b.n_columns * 32 + __ffs(int(left)) - 1;
        n_nodes += here;
    }
    if (lane() == 0)
        b.n_nodes = n_nodes;
    __syncwarp();
}

// XOR3 and MAJ of the cells left of, at and right of word `w` of row y.
__device__ __forceinline__ void sum(const Board& b, int y, int w, u32& h0, u32& h1, u32& c) {
    const u32* row = b.now + (y < 0 ? b.height - 1 : y == b.height ? 0 : y) * b.n_columns;
    const int last = b.n_columns - 1;
    c = row[w];
    const u32 left = c << 1 | row[w > 0 ? w - 1 : last] >> (w > 0 ? 31 : b.tail() - 1);
    const u32 right = c >> 1 | (row[w < last ? w + 1 : 0] & 1) << (w < last ? 31 : b.tail() - 1);
    h0 = lut3<XOR3>(left, c, right);
    h1 = lut3<MAJ>(left, c, right);
}

// Computes the next generation, which cells are born in it, and where dead cells stay dead among as many live ones as
// the smallest number of the rule's B. A lane goes down a column of words.
__device__ void generation(Board& b) {
    const int n_columns = b.n_columns, share = n_columns < LANES ? n_columns : LANES, n_bands = LANES / share;
    const int band = lane() / share, stop = (band + 1) * b.height / n_bands;
    const u32 birth = b.birth, survival = b.survival << 1;  // by the sum of nine cells
    const u32 quiet = birth ? 0x1FF & ~birth & ~((birth & (0 - birth)) - 1) : 0;
    for (int w = lane() % share; band < n_bands && w < n_columns; w += share) {
        const u32 inside = 0xFFFFFFFF >> (w < n_columns - 1 ? 0 : 32 - b.tail());
        int y = band * b.height / n_bands;
        u32 p0, p1, q0, q1, r0, r1, c, below;
        sum(b, y - 1, w, p0, p1, c);
        sum(b, y, w, q0, q1, c);
        for (; y < stop; y++) {
            sum(b, y + 1, w, r0, r1, below);
            const u32 s0 = lut3<XOR3>(p0, q0, r0), k = lut3<MAJ>(p0, q0, r0);
            const u32 t = lut3<XOR3>(p1, q1, r1), g = lut3<MAJ>(p1, q1, r1);
            const u32 s1 = k ^ t, s2 = (k & t) ^ g, s3 = k & t & g;
            const u32 sums[10] = {lut3<1>(s2, s1, s0) & ~s3, lut3<2>(s2, s1, s0) & ~s3, lut3<4>(s2, s1, s0),
                                  lut3<8>(s2, s1, s0),       lut3<16>(s2, s1, s0),      lut3<32>(s2, s1, s0),
                                  lut3<64>(s2, s1, s0),      lut3<128>(s2, s1, s0),     s3 & ~s0, s3 & s0};
            u32 born = 0, kept = 0, contact = 0;
#pragma unroll
            for (int n = 0; n < 10; n++) {
                born |= birth >> n & 1 ? sums[n] : 0;
                kept |= survival >> n & 1 ? sums[n] : 0;
                contact |= quiet >> n & 1 ? sums[n] : 0;
            }
            const int i = y * n_columns + w;
            born &= ~c & inside;
            b.born[i] = born;
            b.after[i] = born | (kept & c);
            b.contacts[i] = contact & ~c & inside;
            p0 = q0, p1 = q1, q0 = r0, q1 = r1, c = below;
        }
    }
    __syncwarp();
}
