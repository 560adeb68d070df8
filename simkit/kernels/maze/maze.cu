// Mazes, a thread for each row (after draw.cu). Cells are numbers of a world with a border, STRIDE to a row.

// Random words of a row and stream, one after another.
struct Words {
    u64 seed, row;
    u32 stream, next;
    Block block;

    __device__ __forceinline__ Words(u64 seed, u64 row, u32 stream) : seed(seed), row(row), stream(stream), next(0) {}

    __device__ __forceinline__ u32 take() {
        if (next % 4 == 0)
            block = draw(seed, row, stream, next / 4);
        const u32 i = next++ % 4;
        return i == 0 ? block.word[0] : i == 1 ? block.word[1] : i == 2 ? block.word[2] : block.word[3];
    }
    __device__ __forceinline__ int below(int n) { return int(u64(take()) * u32(n) >> 32); }
};

__device__ __forceinline__ int beside(int way) { return way == 0 ? -1 : way == 1 ? 1 : way == 2 ? -STRIDE : STRIDE; }

struct Level {
    // of each cell: what it needs and gives, which ways are free, the way back to the start, and how far that is
    u8 need[N_CELLS], gives[N_CELLS], ways[N_CELLS], back[N_CELLS], depth[N_CELLS];
    u8 things[N_COLOURS + 1], locks[N_COLOURS], colours[N_COLOURS];
    int side, n_keys, unnoticed, start;

    // Close the ways into the cell of a lock, or open them again.
    __device__ void turn(int lock) {
        for (int way = 0; way < 4; way++)
            if (ways[lock] >> way & 1)
                ways[lock + beside(way)] ^= 1 << (way ^ 1);
    }

    __device__ int distance(int a, int b) const {
        int n = 0;
        for (; a != b; n++)
            if (depth[a] < depth[b])
                b += beside(back[b]);
            else
                a += beside(back[a]);
        return n;
    }

    __device__ void carve(Words& words, int n, int first) {
        u8 part[N_ROOMS], passages[N_PASSAGES];
        int n_left = 0;
        for (int i = 0; i < n * n; i++)
            part[i] = u8(i);
        for (int i = 0; i < n * n; i++)
            if (i % n < n - 1)
                passages[n_left++] = u8(2 * i);
        for (int i = 0; i < n * (n - 1); i++)
            passages[n_left++] = u8(2 * i + 1);
        for (int n_joined = 1; n_joined < n * n;) {
            const int j = words.below(n_left), passage = passages[j], room = passage >> 1, is_down = passage & 1;
            passages[j] = passages[--n_left];
            const int a = part[room], b = part[room + (is_down ? n : 1)];
            if (a == b)
                continue;
            for (int i = 0; i < n * n; i++)
                part[i] = u8(part[i] == a ? b : part[i]);
            n_joined++;
            need[first + 2 * STRIDE * (room / n) + 2 * (room % n) + (is_down ? STRIDE : 1)] = 0;
        }
    }

    __device__ void make(Words& words, int size, int most) {
        const int number = words.below((size - MIN_SIDE) / 2 + 1);
        side = MIN_SIDE + 2 * number;
        const int more = words.below(2), n_places = (WORLD - side) / 2 + 1, n = (side + 1) / 2;
        n_keys = most < number + more ? most : number + more;
        const int x = words.below(n_places), y = words.below(n_places), first = 1 + 2 * x + STRIDE * (1 + 2 * y);
        unnoticed = words.below(n_keys + 1);
        for (int i = 0; i < N_COLOURS; i++)
            colours[i] = u8(i);
        for (int i = N_COLOURS - 1; i > 0; i--) {
            const int j = words.below(i + 1);
            const u8 colour = colours[i];
            colours[i] = colours[j], colours[j] = colour;
        }
        for (int i = 0; i < N_CELLS; i++)
            need[i] = WALL, gives[i] = 0, ways[i] = 0, back[i] = 255, depth[i] = 0;
        for (int i = 0; i < n * n; i++)
            need[first + 2 * STRIDE * (i / n) + 2 * (i % n)] = 0;
        carve(words, n, first);
        const int room = words.below(n * n);
        start = first + 2 * STRIDE * (room / n) + 2 * (room % n);
        place(words, n * n);
    }

    // Put locks, keys and the diamond into a maze.
    __device__ void place(Words& words, int n) {
        u8 order[N_ROOMS], pool[N_ROOMS], region[N_CELLS], closed[N_COLOURS], opened[N_COLOURS + 1] = {0};
        int n_found = 1;
        order[0] = u8(start), back[start] = 4, region[start] = 0;
        for (int i = 0; i < n; i++)
            for (int way = 0, cell = order[i]; way < 4; way++) {
                const int passage = cell + beside(way), other = passage + beside(way);
                if (need[passage] || back[passage] != 255)
                    continue;
                back[passage] = back[other] = u8(way ^ 1);
                depth[passage] = u8(depth[cell] + 1), depth[other] = u8(depth[cell] + 2);
                ways[cell] |= 1 << way, ways[passage] = way < 2 ? 3 : 12, ways[other] |= 1 << (way ^ 1);
                region[other] = 0;
                order[n_found++] = u8(other);
            }
        for (int i = 2; i < n; i++)
            pool[i - 2] = order[i];
        for (int i = 0; i < n_keys; i++) {
            const int j = words.below(n - 2 - i);
            closed[i] = pool[j], pool[j] = pool[n - 3 - i];
            region[closed[i]] = u8(1 + i);
        }
        for (int i = 1; i < n; i++)
            if (region[order[i]] == 0)
                region[order[i]] = region[order[i] + 2 * beside(back[order[i]])];
        int open = 1;  // bits of regions
        for (int k = 0; k < n_keys; k++) {
            int n_can = 0, can[N_COLOURS];
            for (int i = 0; i < n_keys; i++) {
                const int outside = region[closed[i] + 2 * beside(back[closed[i]])];
                if (!(open >> (1 + i) & 1) && open >> outside & 1)
                    can[n_can++] = i;
            }
            const int i = can[words.below(n_can)];
            opened[1 + k] = u8(1 + i);
            locks[k] = u8(closed[i] + beside(back[closed[i]]));
            open |= 2 << i;
        }
        for (int k = 0; k <= n_keys; k++) {
            int n_can = 0;
            for (int i = 1; i < n; i++)
                if (region[order[i]] == opened[k])
                    pool[n_can++] = order[i];
            things[k] = pool[words.below(n_can)];
        }
        for (int k = 0; k < n_keys; k++) {
            need[locks[k]] = gives[things[k]] = u8(1 << colours[k]);
            turn(locks[k]);
        }
    }
};

// Which way an action goes, 4 if none, where some ways are free.
__device__ __forceinline__ int way_of(int action, int free) {
    const int x = action / 3, y = action % 3;
    if (action > 8)
        return 4;
    if (x != 1 && free >> (x >> 1) & 1)
        return x >> 1;
    return y != 1 && free >> (3 - (y >> 1)) & 1 ? 3 - (y >> 1) : 4;
}

// The action that goes a way: of two random bits, 1 and 2 ask for a diagonal.
__device__ __forceinline__ int going(int way, int bits, int free) {
    if (way < 2)
        return 6 * way + (bits == 1 ? 2 : bits == 2 ? 0 : 1);
    const int action = way == 2 ? 5 : 3;
    return bits == 1 && !(free & 1) ? action - 3 : bits == 2 && !(free & 2) ? action + 3 : action;
}

// What is kept of an episode: pairs of before and after, or all states.
struct Kept {
    int cell[2], held[2], opened[2], left[2], action, t, length;
    char* agent;
    u8 *had, *were_open, *actions;
};

__device__ __forceinline__ void put(char* place, int cell) {
    place[0] = char(cell % STRIDE - 1), place[1] = char(cell / STRIDE - 1);
}

struct Player {
    Level level;
    u8 toward[N_CELLS], avoided[N_CELLS];

    // Let `toward` lead to another thing: back to the start, but on the way from there to the thing.
    __device__ void aim(int old, int thing) {
        while (old != level.start) {
            old += beside(level.back[old]);
            toward[old] = level.back[old];
        }
        while (thing != level.start) {
            const int way = level.back[thing];
            thing += beside(way);
            toward[thing] = u8(way ^ 1);
        }
    }

    __device__ void ignore(int thing) {
        for (int way = 0; way < 4; way++)
            if (level.ways[thing] >> way & 1)
                avoided[thing + beside(way)] = u8(1 << (way ^ 1));
    }

    // Play an episode; keep transition `pick`, or the last one.
    __device__ void run(Words& words, bool succeeds, int limit, int pick, bool is_last, Kept& kept) {
        for (int i = 0; i < N_CELLS; i++)
            toward[i] = level.back[i], avoided[i] = 0;
        int cell = level.start, held = 0, opened = 0, stage = 0, last = 4, left, t = 0;
        bool noticed = false, ignores = !succeeds && level.unnoticed == 0, reached = false;
        aim(cell, level.things[0]);
        left = level.distance(cell, level.things[0]);
        for (int k = 0; k < level.n_keys; k++)
            left += level.distance(level.things[k], level.things[k + 1]);
        if (ignores)
            ignore(level.things[0]);
        for (; t < limit && !reached; t++) {
            const u32 word = words.take();
            const int free = level.ways[cell], nearer = toward[cell];
            int way = nearer, action = -1;
            noticed |= !ignores && (word & 1023) < NOTICE;
            if (!(succeeds && limit - t <= left + 1)) {
                if ((word >> 10 & 15) < ANYTHING) {
                    action = int((word >> 14 & 255) * N_ACTIONS >> 8);
                    way = way_of(action, free);
                    if (ignores && avoided[cell] >> way & 1)
                        action = STAY, way = 4;
                } else if (!noticed) {
                    int onward = free & ~avoided[cell];
                    const int on = last < 4 ? onward & ~(1 << (last ^ 1)) : onward;
                    onward = on ? on : onward;
                    if (onward) {
                        for (int k = int((word >> 22) * __popc(u32(onward)) >> 10); k > 0; k--)
                            onward &= onward - 1;
                        way = __ffs(onward) - 1;
                    } else
                        action = STAY, way = 4;
                }
            }
            if (action < 0)
                action = going(way, word >> 14 & 3, free);
            const int before = cell, had_held = held, had_opened = opened, had_left = left;
            if (way < 4) {
                cell += beside(way);
                last = way;
                left += way == nearer ? -1 : 1;
                opened |= level.need[cell];
                if (level.gives[cell] & ~held) {
                    held |= level.gives[cell];
                    level.turn(level.locks[stage]);
                }
                if (cell == level.things[stage]) {
                    noticed = false;
                    reached = ++stage > level.n_keys;
                    if (!reached) {
                        aim(cell, level.things[stage]);
                        ignores = !succeeds && level.unnoticed == stage;
                        if (ignores)
                            ignore(level.things[stage]);
                    }
                }
            }
            if (kept.actions) {
                if (t == 0) {
                    put(kept.agent, before);
                    kept.had[0] = kept.were_open[0] = 0;
                }
                put(kept.agent + 2 * (t + 1), cell);
                kept.had[t + 1] = u8(held), kept.were_open[t + 1] = u8(opened), kept.actions[t] = u8(action);
            }
            if (t == pick || (is_last && reached)) {
                kept.cell[0] = before, kept.held[0] = had_held, kept.opened[0] = had_opened, kept.left[0] = had_left;
                kept.cell[1] = cell, kept.held[1] = held, kept.opened[1] = opened, kept.left[1] = left;
                kept.action = action, kept.t = t;
                if (!succeeds && !kept.actions)
                    t = limit - 1; // it fails in the end: nothing else is to be known
            }
        }
        kept.length = t;
    }

    // Make attempts until one has the transition that is drawn; return whether it succeeds.
    __device__ bool choose(u64 seed, u64 row, int size, int most, int limit, u64 rewarded, u64 success, Kept& kept) {
        Words first(seed, row, 0);
        const bool is_rewarded = first.take() < rewarded;
        for (u32 attempt = 0;; attempt++) {
            Words words(seed, row, 1 + 2 * attempt), steps(seed, row, 2 + 2 * attempt);
            const bool succeeds = (words.take() < success) | is_rewarded;
            const int number = words.below(limit), pick = is_rewarded ? -1 : number;
            level.make(words, size, most);
            run(steps, succeeds, limit, pick, is_rewarded, kept);
            if (is_rewarded || pick < kept.length - succeeds)
                return succeeds;
        }
    }
};

extern "C" __global__ void __launch_bounds__(N_THREADS)
    play(u64 seed, const u64* rows, u32 n, int size, int most, int limit, u64 rewarded, u64 success, u8* floor,
         char* side, char* agent, char* diamond, char* keys, char* locks, u8* held, u8* opened, u8* action,
         u8* is_rewarded, u8* succeeded, int* t, int* length, short* path) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n)
        return;
    Player player;
    const Level& level = player.level;
    Kept kept = {};
    succeeded[i] = player.choose(seed, rows[i], size, most, limit, rewarded, success, kept);
    for (int y = 0; y < WORLD; y++)
        for (int x = 0; x < WORLD; x++)
            floor[(i * WORLD + y) * WORLD + x] = level.need[(y + 1) * STRIDE + x + 1] >> 7 ^ 1;
    side[i] = char(level.side), action[i] = u8(kept.action), t[i] = kept.t, length[i] = kept.length;
    put(diamond + 2 * i, level.things[level.n_keys]);
    for (int k = 0; k < 2 * N_COLOURS; k++)
        keys[2 * N_COLOURS * i + k] = locks[2 * N_COLOURS * i + k] = char(-1);
    for (int k = 0; k < level.n_keys; k++) {
        put(keys + 2 * (N_COLOURS * i + level.colours[k]), level.things[k]);
        put(locks + 2 * (N_COLOURS * i + level.colours[k]), level.locks[k]);
    }
    for (int k = 0; k < 2; k++) {
        put(agent + 4 * i + 2 * k, kept.cell[k]);
        held[2 * i + k] = u8(kept.held[k]), opened[2 * i + k] = u8(kept.opened[k]), path[2 * i + k] = short(kept.left[k]);
    }
    is_rewarded[i] = kept.cell[1] == level.things[level.n_keys];
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    follow(u64 seed, const u64* rows, u32 n, int size, int most, int limit, u64 rewarded, u64 success, char* agent,
           u8* held, u8* opened, u8* actions, int* length) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n)
        return;
    Player player;
    Kept kept = {};
    kept.agent = agent + u64(i) * (limit + 1) * 2, kept.actions = actions + u64(i) * limit;
    kept.had = held + u64(i) * (limit + 1), kept.were_open = opened + u64(i) * (limit + 1);
    player.choose(seed, rows[i], size, most, limit, rewarded, success, kept);
    length[i] = kept.length;
    for (int t = kept.length; t < limit; t++) { // an attempt that was not taken went on
        kept.agent[2 * t + 2] = kept.agent[2 * t + 3] = 0;
        kept.had[t + 1] = kept.were_open[t + 1] = kept.actions[t] = 0;
    }
}
