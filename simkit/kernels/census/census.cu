// The kernel of the census: warps take boards from a queue.

enum Status { TODO, DONE, ASTRAY };  // not yet, maybe since it has objects without a name; done; the period is wrong

// What the kernel is given: boards i with which[i] == index whose status is TODO, and memory for the warps.
struct Work {
    const u8* boards;
    const u8* which;
    const int* periods;
    int index, n_boards, height, width, n_bytes;
    u32 birth, survival;
    u8* room;
    u64 n_bytes_of_room;
    int *queue, *status;

    // Lays out the memory of this warp.
    __device__ Board& board() const {
        Board& b = boards_of_block[threadIdx.x / LANES];
        const u64 n = u64(height) * width;
        if (lane() == 0) {
            b.height = height, b.width = width, b.n_columns = (width + 31) / 32, b.n_words = height * b.n_columns;
            b.birth = birth, b.survival = survival, b.is_logged = false;
            u8* mine = room + (u64(blockIdx.x) * (blockDim.x / LANES) + threadIdx.x / LANES) * n_bytes_of_room;
            b.origin = reinterpret_cast<Seat*>(mine);
            b.forest = b.origin + n, b.kept = b.forest + n, b.merged = b.kept + n;
            b.levels = reinterpret_cast<Level*>(b.merged + n);
            b.cells = reinterpret_cast<u32*>(b.levels + MAX_TRIALS + 1);
            b.first = b.cells + n, b.link = b.first + n, b.log = b.link + n;
            b.start = b.log + 2 * n;
            b.now = b.start + b.n_words, b.after = b.now + b.n_words;
            b.born = b.after + b.n_words, b.contacts = b.born + b.n_words;
        }
        __syncwarp();
        return b;
    }

    // Takes the next board and separates its objects; returns its number, or n_boards at the end.
    __device__ int next(Board& b) const {
        for (;;) {
            int i = 0;
            if (lane() == 0)
                i = atomicAdd(queue, 1);
            i = __shfl_sync(ALL, i, 0);
            if (i >= n_boards)
                return n_boards;
            if (which[i] != index || periods[i] <= 0 || status[i] != TODO)
                continue;
            if (lane() == 0)
                b.period = periods[i];
            load(b, boards + u64(i) * n_bytes);
            if (separate(b))
                return i;
            if (lane() == 0)
                status[i] = ASTRAY;
        }
    }
};

// Arrays of `kinds` and `constellations`, of `starts` with the entries, and `mask` are null if they are not asked for.
extern "C" __global__ void __launch_bounds__(N_THREADS, MIN_BLOCKS)
    census(const u8* boards, const u8* which, const int* periods, int index, int n_boards, int height, int width,
           u32 birth, u32 survival, u8* room, u64 n_bytes_of_room, int* queue, int* status,
           const int* slots, int n_slots, const u64* columns, const u32* cells, const int* starts_of_templates,
           int n_first, const int* templates, const int* members,
           int* kinds, int* constellations,
           const i64* starts, int* n_objects, u8* kind, u64* code, short* y, short* x, int* phase, u8* orientation,
           int* population, u32* unnamed, u32* n_unnamed, u32 n_room, int* mask) {
    const Work work{boards, which, periods, index, n_boards, height, width, height * ((width + 7) / 8),
                    birth,  survival, room, n_bytes_of_room, queue, status};
    const Sprites sprites{slots, n_slots, columns, cells, starts_of_templates, n_first, templates, members};
    Board& b = work.board();
    for (int i; (i = work.next(b)) < n_boards;) {
        const Objects o(b);
        const bool is_known = gather(b, o, sprites);
        if (kinds)
            tally(b, o, sprites, kinds + i64(i) * N_KINDS, constellations + i64(i) * N_CONSTELLATIONS);
        if (starts) {
            const Entries out{kind, code, y, x, phase, orientation, population, unnamed, n_unnamed, n_room};
            if (!is_known) {
                hand_out(b, o, out);
                continue;
            }
            enlist(b, o, sprites, out, starts[i]);
            if (lane() == 0)
                n_objects[i] = b.n_objects;
        }
        if (mask)
            paint(b, o, mask + i64(i) * height * width);
        if (lane() == 0)
            status[i] = DONE;
    }
}
