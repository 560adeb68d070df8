// From the trees of the forest to objects, and what these are called: patterns looked up by hash among the sprites.
//
// A pattern's hash is the sum over its cells of a hash of their places, so that lanes add to it in any order. What is
// found under a hash is held against the sprite cell by cell.

constexpr int UNKNOWN = -1, ROUND = -2;  // instead of a sprite's number; ROUND goes round the torus
constexpr int FAR = 0x7FFFFFFF;

// The states in which objects are met, and the templates of constellations; see sprites.py.
struct Sprites {
    const int* slots;  // open addressing by hash; sprite, or -1
    int n_slots;
    const u64* columns;  // of each sprite: HASH, CODE, KIND, PHASE, ORIENTATION, POPULATION, CELLS
    const u32* cells;    // y << 16 | x of a sprite's cells, ascending, from CELLS on
    const int* starts;   // templates whose first member is sprite s: from starts[s] on; of N_FIRST sprites
    int n_first;
    const int* templates;  // of each: column, height, width, absent sprite, y, x, first member, and the one after the last
    const int* members;    // of each: sprite, y, x

    __device__ u64 column(int sprite, int number) const { return columns[sprite * N_SPRITE_COLUMNS + number]; }

    __device__ int look_up(u64 hash, int population) const {
        for (int slot = int(hash & u32(n_slots - 1));; slot = (slot + 1) & (n_slots - 1)) {
            const int sprite = slots[slot];
            if (sprite < 0 || (column(sprite, HASH) == hash && column(sprite, POPULATION) == u64(population)))
                return sprite < 0 ? UNKNOWN : sprite;
        }
    }

    __device__ bool has_cell(int sprite, u32 place) const {
        int low = int(column(sprite, CELLS)), high = low + int(column(sprite, POPULATION));
        while (high - low > 1) {
            const int middle = (low + high) / 2;
            (cells[middle] <= place ? low : high) = middle;
        }
        return cells[low] == place;
    }
};

__device__ __forceinline__ u64 hash_of_place(u32 place) {
    u64 x = (place + 1) * FACTOR_0;
    x = (x ^ x >> 29) * FACTOR_1;
    return x ^ x >> 32;
}

// The objects of a board, in the memory that the search of split.cu no longer needs.
struct Objects {
    u32* number;  // of a root: its object
    int *top, *left, *population, *sprite;
    u64* hash;
    u32 *tail, *head;  // the next object with the same corner; an object with its corner at a cell, or garbage
    u32* rank;         // among the objects of the board

    __device__ explicit Objects(const Board& b) : number(b.first), tail(b.log), head(b.link), rank(b.log + b.n_cells()) {
        top = reinterpret_cast<int*>(b.kept), left = top + b.n_cells();
        population = left + b.n_cells(), sprite = population + b.n_cells();
        hash = reinterpret_cast<u64*>(b.merged);
    }

    __device__ int y(const Board& b, int object) const { return (top[object] % b.height + b.height) % b.height; }

    __device__ int x(const Board& b, int object) const { return (left[object] % b.width + b.width) % b.width; }
};

// Where a node is on the plane, as its object's root sees it, from the corner `top`, `left`.
__device__ __forceinline__ u32 place_of(const Board& b, int node, i64 winding, int top, int left) {
    const int wx = int(u32(u64(winding))), wy = int((winding - wx) >> 32);
    const int y = int(b.cells[node]) / b.width + wy * b.height, x = int(b.cells[node]) % b.width + wx * b.width;
    return u32(y - top) << 16 | u32(x - left);
}

// Gather the objects of a board that was separated, and name them. Returns whether all are known or go round the torus.
__device__ bool gather(Board& b, const Objects& o, const Sprites& sprites) {
    int n_objects = 0;
    for (int round = 0; round < b.n_nodes; round += LANES) {
        const int node = round + lane();
        const bool is_root = node < b.n_nodes && b.forest[node].node == u32(node);
        const u32 roots = __ballot_sync(ALL, is_root);
        if (is_root) {
            const int object = n_objects + __popc(roots & ((1u << lane()) - 1));
            o.number[node] = object;
            o.top[object] = o.left[object] = FAR;
            o.population[object] = 0;
            o.hash[object] = 0;
            o.sprite[object] = b.forest[node].winding ? ROUND : UNKNOWN;
        }
        n_objects += __popc(roots);
    }
    if (lane() == 0)
        b.n_objects = n_objects;
    __syncwarp();
    for (int node = lane(); node < b.n_nodes; node += LANES) {
        const Seat root = find(b.forest, {0, u32(node)});
        const int object = o.number[root.node], wx = int(u32(u64(root.winding)));
        const int y = int(b.cells[node]) / b.width, x = int(b.cells[node]) % b.width;
        const bool is_round = o.sprite[object] == ROUND;  // then its place is its first cell
        atomicMin(&o.top[object], is_round ? int(b.cells[node]) : y + int((root.winding - wx) >> 32) * b.height);
        atomicMin(&o.left[object], x + wx * b.width);
        atomicAdd(&o.population[object], 1);
    }
    __syncwarp();
    for (int node = lane(); node < b.n_nodes; node += LANES) {
        const Seat root = find(b.forest, {0, u32(node)});
        const int object = o.number[root.node];
        if (o.sprite[object] != ROUND)
            atomicAdd(&o.hash[object],
                      hash_of_place(place_of(b, node, root.winding, o.top[object], o.left[object])));
    }
    __syncwarp();
    for (int object = lane(); object < n_objects; object += LANES)
        if (o.sprite[object] == ROUND)
            o.left[object] = o.top[object] % b.width, o.top[object] /= b.width;
        else
            o.sprite[object] = sprites.look_up(o.hash[object], o.population[object]);
    __syncwarp();
    for (int node = lane(); node < b.n_nodes; node += LANES) {
        const Seat root = find(b.forest, {0, u32(node)});
        const int object = o.number[root.node], sprite = o.sprite[object];
        if (sprite >= 0 &&
            !sprites.has_cell(sprite, place_of(b, node, root.winding, o.top[object], o.left[object])))
            o.sprite[object] = UNKNOWN;
    }
    __syncwarp();
    bool is_known = true;
    for (int object = lane(); object < n_objects; object += LANES)
        is_known &= o.sprite[object] != UNKNOWN;
    return __all_sync(ALL, is_known);
}
