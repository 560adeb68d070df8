// The way through a period: islands, and what happens at contacts. What the words mean is said in split.py.
//
// All that is alive descends from nodes: a cell that is born takes the origin of a live neighbour, and all its live
// neighbours, and those born beside it, are of one island. What survives is beside its neighbours already. So still
// lifes are joined at generation 0, and later only births need work. Contacts are not kept, but met again by going
// through the period once more.

// What is done on the way.
enum Aim { ISLANDS, FORCE, LINK, JOIN_OPEN };

constexpr u32 ANYWHERE = 0xFFFFFFFF;  // a scope: the contacts of one set of linked parts, or all

__device__ __forceinline__ u32 set_of(const Board& b, u32 node) {
    node = find(b.forest, {0, node}).node;
    while (b.link[node] != node)
        node = b.link[node];
    return node;
}

// Sort the live neighbours of a cell by part.
__device__ __noinline__ Contact contact_at(const Board& b, int y, int x) {
    Contact contact;
    contact.n_sides = 0;
    for (int number = 0; number < 9; number++) {
        const Neighbour near(b, y, x, number);
        if (!is_in(b.now, b, near.y, near.x))
            continue;
        Seat seat = b.origin[near.y * b.width + near.x];
        seat.winding -= near.crossing;
        seat = find(b.forest, seat);
        int side = 0;
        while (side < contact.n_sides &&
               (contact.sides[side].node != seat.node || contact.sides[side].winding != seat.winding))
            side++;
        if (side == contact.n_sides) {
            contact.sides[side] = seat;
            contact.n[side] = 0;
            contact.n_sides++;
        }
        contact.n[side]++;
    }
    return contact;
}

// Returns the first side that would give birth if it were alone, or N_SIDES.
__device__ __forceinline__ int unfit_side(const Board& b, const Contact& contact) {
    for (int side = 0; side < contact.n_sides; side++)
        if (contact.n_sides > 1 && b.birth >> contact.n[side] & 1)
            return side;
    return N_SIDES;
}

// Pairs of what is beside each other at births, between one generation and the next.
struct Births {
    Bits bits;
    int number = 13;

    __device__ explicit Births(const Board& b) : bits(b.born) {}

    __device__ bool operator()(const Board& b, Seat& one, Seat& other) {
        for (;;) {
            // 0..8: neighbours before the birth; 9..12: 5..8 once more, those born at the same time
            for (; number < 13; number++) {
                const Neighbour near(b, bits.y, bits.x, number < 9 ? number : number - 4);
                if (!is_in(number < 9 ? b.now : b.born, b, near.y, near.x))
                    continue;
                one = b.origin[bits.y * b.width + bits.x];
                other = b.origin[near.y * b.width + near.x];
                other.winding -= near.crossing;
                if (!are_one(b.forest, one, other))
                    return true;
            }
            if (!bits.next(b))
                return false;
            number = 0;
        }
    }
};

// Give each cell that is born its origin.
__device__ void descend(Board& b) {
    for (Bits bits(b.born); bits.next(b);) {
        int number = 0;
        Neighbour near(b, bits.y, bits.x, 0);
        while (!is_in(b.now, b, near.y, near.x))
            near = Neighbour(b, bits.y, bits.x, ++number);
        Seat seat = b.origin[near.y * b.width + near.x];
        seat.winding -= near.crossing;
        b.origin[bits.y * b.width + bits.x] = seat;
    }
    __syncwarp();
}

// Pairs of sides of contacts, as the aim says.
struct Contacts {
    Bits bits;
    Aim aim;
    u32 scope;
    Contact contact;
    int side = N_SIDES;      // the next one to be joined with side 0
    bool has_many = false;   // has met one of more than two sides
    int y_open = -1, x_open = 0;  // the first open one in the scope

    __device__ Contacts(const Board& b, Aim aim, u32 scope) : bits(b.contacts), aim(aim), scope(scope) {
        contact.n_sides = 0;
    }

    __device__ bool operator()(const Board& b, Seat& one, Seat& other) {
        for (;;) {
            while (side < contact.n_sides) {
                one = contact.sides[0], other = contact.sides[side++];
                if (aim != JOIN_OPEN || !are_one(b.merged, one, other))
                    return true;
            }
            if (!bits.next(b))
                return false;
            contact = contact_at(b, bits.y, bits.x);
            const bool is_unfit = unfit_side(b, contact) < N_SIDES;
            const bool is_open = is_unfit && contact.n_sides > 2 &&
                                 (scope == ANYWHERE || set_of(b, contact.sides[0].node) == scope);
            has_many |= contact.n_sides > 2;
            if (is_open && y_open < 0)
                y_open = bits.y, x_open = bits.x;
            side = (aim == FORCE ? is_unfit && contact.n_sides == 2 : is_open) ? 1 : N_SIDES;
        }
    }
};

// Link the sets of all parts that meet at contacts.
__device__ void link_contacts(Board& b) {
    for (Bits bits(b.contacts);;) {
        const bool is_there = bits.next(b);
        u32 turns = __ballot_sync(ALL, is_there);
        if (!turns)
            break;
        for (; turns; turns &= turns - 1) {
            if (lane() == __ffs(int(turns)) - 1) {
                const Contact contact = contact_at(b, bits.y, bits.x);
                for (int side = 1; side < contact.n_sides; side++)
                    b.link[set_of(b, contact.sides[side].node)] = set_of(b, contact.sides[0].node);
            }
            __syncwarp();
        }
    }
}

// Go through the period. With FORCE, what two sides force is joined and the first open contact in the scope kept as
// `open`; with LINK, sets of parts are linked; with JOIN_OPEN, the sides of open contacts are joined in `merged`.
// Returns whether something was joined, and whether a contact of more than two sides was met.
__device__ __noinline__ bool walk(Board& b, Aim aim, u32 scope, bool& has_many) {
    bool changed = false, is_open = false;
    has_many = false;
    for (int node = lane(); node < b.n_nodes; node += LANES)
        b.origin[b.cells[node]] = {0, u32(node)};
    for (int i = lane(); i < b.n_words; i += LANES)
        b.now[i] = b.start[i];
    if (lane() == 0 && aim == FORCE)
        b.open.n_sides = 0;
    __syncwarp();
    for (int t = 0; t < b.period; t++) {
        generation(b);
        if (aim == LINK)
            link_contacts(b);
        if (aim == FORCE || aim == JOIN_OPEN) {
            Contacts contacts(b, aim, scope);
            changed |= join_found(b, aim == FORCE ? b.forest : b.merged, contacts);
            has_many |= contacts.has_many;
            const u32 found = __ballot_sync(ALL, contacts.y_open >= 0);
            if (found && !is_open && lane() == __ffs(int(found)) - 1)
                b.open = contact_at(b, contacts.y_open, contacts.x_open);
            is_open |= found != 0;
            __syncwarp();
        }
        descend(b);
        if (aim == ISLANDS) {
            Births births(b);
            join_found(b, b.forest, births);
        }
        if (lane() == 0) {
            u32* words = b.now;
            b.now = b.after, b.after = words;
        }
        __syncwarp();
    }
    has_many = __any_sync(ALL, has_many);
    return changed;
}
