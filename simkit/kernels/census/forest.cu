// Union-find with windings over the nodes of a board.
//
// The link of a node is its parent and the winding under which the parent sees it. A root is its own parent; its winding
// is 1 if its tree goes round the torus (it wraps), and then windings in it have no meaning and count as 0.
//
// All lanes look for what is to be joined, reading alone; then those that found something join it, one after another.

// Return the root of the tree that `seat` is in, and the winding as seen from there.
__device__ __forceinline__ Seat find(const Seat* forest, Seat seat) {
    for (;;) {
        const Seat up = forest[seat.node];
        if (up.node == seat.node)
            return {up.winding ? 0 : seat.winding, seat.node};
        seat = {seat.winding + up.winding, up.node};
    }
}

__device__ __forceinline__ bool are_one(const Seat* forest, Seat a, Seat b) {
    a = find(forest, a), b = find(forest, b);
    return a.node == b.node && a.winding == b.winding;
}

// Note a root as it was, for `undo`.
__device__ __forceinline__ void note(Board& b, u32 root, i64 wraps, bool is_link) {
    b.log[b.n_log++] = root << 2 | u32(is_link) << 1 | u32(wraps);
    b.n_links += is_link;
}

// Make two seats one; called by one lane at a time.
__device__ __noinline__ void join(Board& b, Seat* forest, Seat a, Seat c) {
    a = find(forest, a), c = find(forest, c);
    if (a.node == c.node && a.winding == c.winding)
        return;
    const i64 wraps = forest[a.node].winding, wraps_too = forest[c.node].winding;
    const bool is_link = a.node != c.node, will_wrap = is_link ? wraps || wraps_too : true;
    const bool is_logged = b.is_logged && forest == b.forest;
    if (is_logged && will_wrap && !wraps)
        note(b, a.node, 0, false);
    if (is_logged && is_link)
        note(b, c.node, wraps_too, true);
    if (is_link)
        forest[c.node] = {a.winding - c.winding, a.node};
    forest[a.node] = {will_wrap, a.node};
}

// Take back what was joined since the log had `n_log` entries.
__device__ __noinline__ void undo(Board& b, int n_log) {
    if (lane() == 0)
        while (b.n_log > n_log) {
            const u32 entry = b.log[--b.n_log];
            b.forest[entry >> 2] = {entry & 1, entry >> 2};
            b.n_links -= entry >> 1 & 1;
        }
    __syncwarp();
}

// Join pairs until `seek`, called by all lanes, finds no more. Returns whether there were any.
template <typename Seek>
__device__ __forceinline__ bool join_found(Board& b, Seat* forest, Seek& seek) {
    for (bool changed = false;; changed = true) {
        Seat one, other;
        const u32 found = __ballot_sync(ALL, seek(b, one, other));
        if (!found)
            return changed;
        for (u32 turns = found; turns; turns &= turns - 1) {
            if (lane() == __ffs(int(turns)) - 1)
                join(b, forest, one, other);
            __syncwarp();
        }
    }
}

// Link every node to its root, so that finding it takes one step.
__device__ __noinline__ void flatten(Board& b) {
    for (int round = 0; round < b.n_nodes; round += LANES) {
        const u32 node = round + lane();
        const bool is_node = node < u32(b.n_nodes);
        Seat root = {0, 0};
        if (is_node)
            root = find(b.forest, {0, node});
        __syncwarp();
        if (is_node && root.node != node)
            b.forest[node] = root;
        __syncwarp();
    }
}

__device__ __noinline__ void copy(const Board& b, const Seat* from, Seat* to) {
    for (int node = lane(); node < b.n_nodes; node += LANES)
        to[node] = from[node];
    __syncwarp();
}

// Pairs of nodes that are neighbours at generation 0, where no row joins them: each with one above it, or the first of a
// row with the last.
struct Neighbours {
    int node = lane();
    int number = 0;

    __device__ bool operator()(const Board& b, Seat& one, Seat& other) {
        for (; node < b.n_nodes; node += LANES, number = 0) {
            const int y = b.cells[node] / b.width, x = b.cells[node] % b.width;
            while (number < 4) {
                const Neighbour near(b, y, x, number++);
                if (!is_in(b.start, b, near.y, near.x))
                    continue;
                const Seat found = b.origin[near.y * b.width + near.x];
                one = {near.crossing, u32(node)}, other = found;
                if (!are_one(b.forest, one, other))
                    return true;
            }
        }
        return false;
    }
};

// Begin a forest: cells side by side in a row are one.
__device__ void plant(Board& b) {
    for (int node = lane(); node < b.n_nodes; node += LANES) {
        const u32 cell = b.cells[node];
        const bool follows = cell % b.width && node > 0 && b.cells[node - 1] == cell - 1;
        b.forest[node] = {0, u32(follows ? node - 1 : node)};
        b.origin[cell] = {0, u32(node)};
    }
    __syncwarp();
    flatten(b);
    Neighbours neighbours;
    join_found(b, b.forest, neighbours);
    flatten(b);
}
