// From islands to parts: forced joins, and the search among the choices at open contacts, as in split.py.

// How a cell is seen in `Returns`: as the node at generation 0, or as what stands there a period later.
__device__ __forceinline__ Seat seen(const Board& b, int node, bool is_later) {
    return is_later ? b.origin[b.cells[node]] : Seat{0, u32(node)};
}

// Pairs of nodes that must be one part, since they are one a period earlier or later.
struct Returns {
    bool is_later;
    int node = lane();

    __device__ explicit Returns(bool is_later) : is_later(is_later) {}

    __device__ bool operator()(const Board& b, Seat& one, Seat& other) {
        for (; node < b.n_nodes; node += LANES) {
            const Seat here = find(b.forest, seen(b, node, is_later));
            const u32 first = b.first[here.node];
            if (first == ANYWHERE)  // a part that was joined meanwhile; comes again
                continue;
            one = seen(b, first, !is_later), other = seen(b, node, !is_later);
            one = find(b.forest, one), other = find(b.forest, other);
            one.winding += here.winding - find(b.forest, seen(b, first, is_later)).winding;
            if (!are_one(b.forest, one, other))
                return true;
        }
        return false;
    }
};

__device__ bool recur(Board& b) {
    bool moves = false;
    for (int node = lane(); node < b.n_nodes; node += LANES)
        moves |= !are_one(b.forest, seen(b, node, false), seen(b, node, true));
    if (!__any_sync(ALL, moves))
        return false;
    for (bool changed_once = false;; changed_once = true) {
        bool changed = false;
        for (int is_later = 0; is_later < 2; is_later++) {
            for (int node = lane(); node < b.n_nodes; node += LANES)
                b.first[node] = ANYWHERE;
            __syncwarp();
            for (int node = lane(); node < b.n_nodes; node += LANES)
                atomicMin(&b.first[find(b.forest, seen(b, node, is_later)).node], u32(node));
            __syncwarp();
            Returns returns(is_later);
            changed |= join_found(b, b.forest, returns);
        }
        if (!changed)
            return changed_once;
    }
}

// Join what must be. Contacts of two sides are settled when they are met; those of more must be met again after a
// change. Leaves an open contact in the scope as `open`, and returns whether there is one.
__device__ __noinline__ bool force(Board& b, u32 scope) {
    for (;;) {
        bool has_many;
        bool changed = walk(b, FORCE, scope, has_many);
        changed |= recur(b);
        if (!has_many)
            return false;
        if (!changed) {
            const bool is_open = b.open.n_sides > 0;
            __syncwarp();  // all lanes know before it is written to again
            return is_open;
        }
    }
}

// Pairs of nodes that are one part in `forest` and not yet in `merged`.
struct Leaf {
    int node = lane();

    __device__ bool operator()(const Board& b, Seat& one, Seat& other) {
        for (; node < b.n_nodes; node += LANES) {
            one = find(b.forest, {0, u32(node)}), other = {0, u32(node)};
            if (!are_one(b.merged, one, other))
                return true;
        }
        return false;
    }
};

// Make `merged` coarse enough for the grouping in `forest`.
__device__ void merge(Board& b) {
    Leaf leaf;
    join_found(b, b.merged, leaf);
    for (int round = 0; round < b.n_nodes; round += LANES) {
        const u32 node = round + lane();
        u32 root = ANYWHERE;
        if (node < u32(b.n_nodes)) {
            const u32 part = find(b.forest, {0, node}).node;
            if (b.forest[part].winding)
                root = find(b.merged, {0, node}).node;
        }
        __syncwarp();
        if (root != ANYWHERE)
            b.merged[root] = {1, root};
        __syncwarp();
    }
}

// Try all choices in a scope, beginning with the contact `open`, and leave in `merged` what all groupings of the most
// parts have in common. Returns false, with `forest` as it was, if there are too many.
__device__ __noinline__ bool search(Board& b, u32 scope) {
    const auto begin = [&](int depth) {
        Level& level = b.levels[depth];
        if (lane() == 0) {
            level.contact = b.open;
            level.unfit = unfit_side(b, b.open);
            level.other = -1;
            level.n_log = b.n_log;
        }
        __syncwarp();
    };
    if (lane() == 0)
        b.n_log = b.n_links = 0, b.is_logged = true;
    copy(b, b.forest, b.kept);
    begin(0);
    int n_trials = 0, fewest = 0x7FFFFFFF;
    bool is_done = false;
    for (int depth = 0; depth >= 0 && !is_done;) {
        Level& level = b.levels[depth];
        undo(b, level.n_log);
        int other = level.other + 1;
        other += other == level.unfit;
        __syncwarp();
        if (other >= level.contact.n_sides) {
            depth--;
            continue;
        }
        is_done = ++n_trials > MAX_TRIALS;
        if (is_done)
            continue;
        if (lane() == 0) {
            level.other = other;
            join(b, b.forest, level.contact.sides[level.unfit], level.contact.sides[other]);
        }
        __syncwarp();
        if (force(b, scope)) {
            begin(++depth);
            continue;
        }
        const int n_links = b.n_links;
        __syncwarp();
        if (n_links < fewest) {
            copy(b, b.kept, b.merged);
            fewest = n_links;
        }
        if (n_links == fewest)
            merge(b);
    }
    undo(b, 0);
    if (lane() == 0)
        b.is_logged = false;
    __syncwarp();
    return !is_done;
}

// Link the parts that may depend on one another, through contacts and returns.
__device__ void link_parts(Board& b) {
    bool has_many;
    for (int node = lane(); node < b.n_nodes; node += LANES)
        b.link[node] = node;
    __syncwarp();
    walk(b, LINK, ANYWHERE, has_many);
    if (lane() == 0)
        for (int node = 0; node < b.n_nodes; node++)
            b.link[set_of(b, seen(b, node, true).node)] = set_of(b, node);
    __syncwarp();
}

// Find the finest exact split of the board that was loaded: afterwards the trees of `forest` are its objects. Returns
// false if the board is not what it was before after its period.
__device__ bool separate(Board& b) {
    bool has_many, is_astray = false;
    plant(b);
    walk(b, ISLANDS, ANYWHERE, has_many);
    for (int i = lane(); i < b.n_words; i += LANES)
        is_astray |= b.now[i] != b.start[i];
    if (__any_sync(ALL, is_astray))
        return false;
    flatten(b);
    while (force(b, ANYWHERE)) {
        link_parts(b);
        const u32 scope = set_of(b, b.open.sides[0].node);
        if (!search(b, scope)) {
            copy(b, b.forest, b.merged);
            walk(b, JOIN_OPEN, scope, has_many);
        }
        copy(b, b.merged, b.forest);
        flatten(b);
    }
    flatten(b);
    return true;
}
