// The table of objects and the instance mask.

// Where the entries of a board go, from `first` on; and the patterns that have no name yet, each as the number of its
// cells and their places (y << 16 | x), as many as there is room for.
struct Entries {
    u8* kind;
    u64* code;
    short *y, *x;
    int* phase;
    u8* orientation;
    int* population;
    u32 *unnamed, *n_unnamed;
    u32 n_room;
};

// What entries of a board are ordered by.
struct Key {
    int y, x;
    u64 code;
    int phase, orientation;

    __device__ Key(const Board& b, const Objects& o, const Sprites& sprites, int object)
        : y(o.y(b, object)), x(o.x(b, object)), code(TORUS_CODE), phase(0), orientation(0) {
        const int sprite = o.sprite[object];
        if (sprite >= 0) {
            code = sprites.column(sprite, CODE), phase = int(sprites.column(sprite, PHASE));
            orientation = int(sprites.column(sprite, ORIENTATION));
        }
    }

    __device__ bool operator<(const Key& other) const {
        if (y != other.y || x != other.x)
            return y != other.y ? y < other.y : x < other.x;
        if (code != other.code || phase != other.phase)
            return code != other.code ? code < other.code : phase < other.phase;
        return orientation < other.orientation;
    }
};

// Write the patterns of the objects of a board that are unknown.
__device__ void hand_out(const Board& b, const Objects& o, const Entries& out) {
    for (int object = lane(); object < b.n_objects; object += LANES)
        if (o.sprite[object] == UNKNOWN) {
            const u32 n = o.population[object], at = atomicAdd(out.n_unnamed, n + 1);
            const bool fits = at < out.n_room && n < out.n_room - at;
            if (fits)
                out.unnamed[at] = n;
            o.hash[object] = fits ? at + 1 : 0;
        }
    __syncwarp();
    for (int node = lane(); node < b.n_nodes; node += LANES) {
        const Seat root = find(b.forest, {0, u32(node)});
        const int object = o.number[root.node];
        if (o.sprite[object] == UNKNOWN && o.hash[object] > 0)
            out.unnamed[atomicAdd(&o.hash[object], u64(1))] =
                place_of(b, node, root.winding, o.top[object], o.left[object]);
    }
    __syncwarp();
}

// Write the entries of a board in order, from number `first` on.
__device__ void enlist(const Board& b, const Objects& o, const Sprites& sprites, const Entries& out,
                                    i64 first) {
    for (int object = lane(); object < b.n_objects; object += LANES) {
        const Key key(b, o, sprites, object);
        int rank = 0;
        for (int other = 0; other < b.n_objects; other++)
            rank += Key(b, o, sprites, other) < key;
        o.rank[object] = rank;
        const int sprite = o.sprite[object];
        const i64 at = first + rank;
        out.kind[at] = sprite >= 0 ? u8(sprites.column(sprite, KIND)) : TORUS;
        out.code[at] = key.code;
        out.y[at] = short(key.y);
        out.x[at] = short(key.x);
        out.phase[at] = key.phase;
        out.orientation[at] = u8(key.orientation);
        out.population[at] = o.population[object];
    }
    __syncwarp();
}

// Number the live cells of a board by the entries of their objects.
__device__ void paint(const Board& b, const Objects& o, int* mask) {
    for (int node = lane(); node < b.n_nodes; node += LANES)
        mask[b.cells[node]] = 1 + int(o.rank[o.number[find(b.forest, {0, u32(node)}).node]]);
    __syncwarp();
}
