// Levels, rules and player. Of `build_levels` a block makes a level: one thread its profile, all of them its tiles.
// Elsewhere a thread has a row.

typedef short i16;

struct Profile {
    int ground[COLUMNS], plank[COLUMNS], pile[COLUMNS], material[COLUMNS];
    int coin, wall;
};

__device__ __forceinline__ int draw_of(u32 word, int byte, int n) { return int((word >> (8 * byte) & 255) * u32(n) >> 8); }

struct Marks {
    i16 *hazards, *triggers;
    int n_hazards, n_triggers;

    __device__ void trigger(int at, int hazard, int behind) {
        i16* to = triggers + 3 * n_triggers++;
        to[0] = i16(at), to[1] = i16(hazard), to[2] = i16(behind);
    }
    __device__ void pit(int o, int width) { trigger(TILE * o - HALF - AT_EDGE + 1, -1, TILE * (o + width) + HALF); }
    __device__ void hazard(int kind, int o, int ground, int span, int phase) {
        const int left = TILE * o + TILE / 2;
        trigger(left - HALF - REACH - AT_HAZARD, n_hazards, left + TILE * span + HALF + REACH);
        i16* to = hazards + 5 * n_hazards++;
        to[0] = i16(kind), to[1] = i16(left), to[2] = i16(TILE * ground), to[3] = i16(TILE * span), to[4] = i16(phase);
    }
};

__device__ void fill(int* values, int first, int end, int value) {
    for (int i = first; i < end; i++)
        values[i] = value;
}

// Put obstacles; returns the last column of the last of them.
__device__ int put_obstacles(const u32* words, Profile& of, Marks& marks) {
    int h = 3 + draw_of(words[0], 1, 2), last = 6;
    const int limit = 20 + draw_of(words[0], 3, 25);
    fill(of.ground, 0, COLUMNS, h);
    for (int k = 0; k < OBSTACLES; k++) {
        const u32 word = words[2 + k];
        const int o = last + 8 + draw_of(word, 3, 3), a = draw_of(word, 1, 2), b = draw_of(word, 2, 2);
        if (k > 0 && o > limit)
            break;
        int kind = draw_of(word, 0, 8);
        kind = k == 0 && kind == DOWN ? UP : kind;
        last = o;
        if (kind == GAP) {
            const int width = 2 + draw_of(word, 1, 3), change = draw_of(word, 2, 4);
            h += change == 2 && width < 4 && h < 6 ? 1 : change == 3 && h > 2 ? -1 : 0;
            marks.pit(o, width);
            fill(of.ground, o, o + width, 0);
            fill(of.ground, o + width, COLUMNS, h);
        } else if (kind == PLATFORM) {
            last = o + 6 + a;
            marks.pit(o, 3);
            marks.pit(last, 2 + b);
            fill(of.ground, o, last + 2 + b, 0);
            fill(of.plank, o + 3, last, (draw_of(word, 2, 4) & 1) && h < 6 ? h + 1 : h);
        } else if (kind == BARRIER || kind == CRATES) {
            fill(of.pile, o, o + 1 + b, 1 + a);
            fill(of.material, o, o + 1 + b, kind == BARRIER ? BRICK : CRATE);
            if (kind == CRATES && b)
                of.pile[o + 1] = 1;
            marks.trigger(TILE * o - HALF - AT_WALL, -1, TILE * (o + 1 + b) + HALF);
        } else if (kind == SAW || kind == ENEMY) {
            const int span = kind == ENEMY ? 1 + draw_of(word, 1, 3) : 0;
            marks.hazard(kind == ENEMY ? IS_ENEMY : IS_SAW, o, h, span, draw_of(word, 2, 2 * TILE * span));
            last = o + span;
        } else {
            int by = kind == UP ? 1 + a : -1 - a;
            by = h + by < 2 || h + by > 6 ? -by : by;
            if (by > 0)
                marks.trigger(TILE * o - HALF - AT_WALL, -1, TILE * o + HALF);
            h += by;
            fill(of.ground, o, COLUMNS, h);
        }
    }
    return last;
}

__device__ __forceinline__ int chance_of(u32 seed, int column, int height) {
    u32 w = (seed ^ u32(column) * MIX_0 ^ u32(height + 64) * MIX_1) * MIX_2;
    w = (w ^ w >> 15) * MIX_3;
    return int(w >> 24);
}

__device__ __forceinline__ int sky_of(int height, int chance) {
    const int shade = (height >= SHADE_0) + (height >= SHADE_1) + (height >= SHADE_2);
    return shade == 2 && chance < CLOUDS ? CLOUD : SKY + shade;
}

__device__ __forceinline__ int kind_of(const Profile& of, int column, int height, int chance) {
    const int ground = of.ground[column], earth = chance < STONES ? STONE : EARTH;
    if (column < BORDER || column >= of.wall)
        return earth;
    if (ground == 0) {
        if (height <= 0)
            return height < 0 ? MOLTEN : SURFACE;
        return height == of.plank[column] - 1 ? PLANK : sky_of(height, chance);
    }
    if (height < ground)
        return height == ground - 1 ? TURF : earth;
    if (height < ground + of.pile[column])
        return of.material[column];
    if (height == ground && chance < GROWN)
        return chance < PLANTS ? PLANT : FLOWER;
    return sky_of(height, chance);
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
build_levels(const u32* words, u8* maps, i16* starts, i16* coins, i16* hazards, i16* triggers) {
    __shared__ Profile of;
    const u64 row = blockIdx.x;
    words += row * LEVEL_WORDS;
    maps += row * ROWS * COLUMNS;
    if (threadIdx.x == 0) {
        Marks marks = {hazards + row * HAZARDS * 5, triggers + row * TRIGGERS * 3, 0, 0};
        fill(of.plank, 0, COLUMNS, 0);
        fill(of.pile, 0, COLUMNS, 0);
        fill(of.material, 0, COLUMNS, BRICK);
        const int last = put_obstacles(words, of, marks);
        while (marks.n_triggers < TRIGGERS)
            marks.trigger(NEVER, -1, 0);
        for (int i = 5 * marks.n_hazards; i < 5 * HAZARDS; i++)
            marks.hazards[i] = 0;
        of.coin = last + 8 + draw_of(words[6], 0, 3);
        of.wall = of.coin + 1 + draw_of(words[6], 1, 3);
        starts[2 * row] = i16(2432 + 8 * draw_of(words[0], 2, 32));
        starts[2 * row + 1] = i16(TILE * of.ground[BORDER]);
        coins[2 * row] = i16(TILE * of.coin + TILE / 2);
        coins[2 * row + 1] = i16(TILE * of.ground[of.coin] + TILE / 2);
    }
    __syncthreads();
    const int theme = draw_of(words[0], 0, N_THEMES);
    for (int i = threadIdx.x; i < ROWS * COLUMNS; i += blockDim.x) {
        const int column = i % COLUMNS, height = TOP - i / COLUMNS;
        maps[i] = u8(kind_of(of, column, height, chance_of(words[1], column, height)) * N_THEMES + theme);
    }
}

struct State {
    int x, y, vx, vy, ground;
};

__device__ __forceinline__ bool is_free(const u8* map, int column, int low, int high) {
    for (int row = TOP - (high >> 8); row <= TOP - (low >> 8); row++)
        if (map[row * COLUMNS + column] >= SOLID)
            return false;
    return true;
}

__device__ __forceinline__ bool is_open(const u8* map, int y, int left, int right) {
    for (int column = left >> 8; column <= right >> 8; column++)
        if (map[(TOP - (y >> 8)) * COLUMNS + column] >= SOLID)
            return false;
    return true;
}

__device__ __forceinline__ int place_of(const i16* hazard, int time) {
    const int left = hazard[1], span = hazard[3];
    if (span == 0)
        return left;
    const int s = (hazard[4] + ENEMY_RUN * time) % (2 * span);
    return left + (s < span ? s : 2 * span - s);
}

__device__ __forceinline__ State moved(const u8* map, State s, int action) {
    const int way = (action >= 6 && action <= 8) - (action <= 2);
    if (way) {
        s.vx += PUSH * way;
        s.vx = s.vx > RUN ? RUN : s.vx < -RUN ? -RUN : s.vx;
    } else {
        s.vx = s.vx > PUSH ? s.vx - PUSH : s.vx < -PUSH ? s.vx + PUSH : 0;
    }
    const bool up = action == 2 || action == 5 || action == 8;
    s.vy = up && s.ground ? JUMP : s.vy - GRAVITY < -FALL ? -FALL : s.vy - GRAVITY;
    s.x += s.vx;
    if (s.vx > 0) {
        const int column = (s.x + HALF - 1) >> 8;
        if (!is_free(map, column, s.y, s.y + HEIGHT - 1))
            s.x = column * TILE - HALF, s.vx = 0;
    } else if (s.vx < 0) {
        const int column = (s.x - HALF) >> 8;
        if (!is_free(map, column, s.y, s.y + HEIGHT - 1))
            s.x = (column + 1) * TILE + HALF, s.vx = 0;
    }
    s.y += s.vy;
    s.ground = 0;
    if (s.vy < 0) {
        if (!is_open(map, s.y, s.x - HALF, s.x + HALF - 1))
            s.y = ((s.y >> 8) + 1) * TILE, s.vy = 0, s.ground = 1;
    } else if (s.vy > 0) {
        if (!is_open(map, s.y + HEIGHT - 1, s.x - HALF, s.x + HALF - 1))
            s.y = ((s.y + HEIGHT - 1) >> 8) * TILE - HEIGHT, s.vy = 0;
    }
    return s;
}

__device__ __forceinline__ int end_of(const i16* hazards, const i16* coins, int n_coins, const State& s, int time) {
    const int near = HALF + REACH;
    if (s.y < LAVA)
        return DIES;
    for (int i = 0; i < HAZARDS; i++) {
        const i16* hazard = hazards + 5 * i;
        if (hazard[0] == NO_HAZARD || s.x <= hazard[1] - near || s.x >= hazard[1] + hazard[3] + near)
            continue;
        const int away = place_of(hazard, time) - s.x, foot = hazard[2];
        if (away < near && -away < near && s.y < foot + HAZARD && foot < s.y + HEIGHT)
            return DIES;
    }
    for (int i = 0; i < n_coins; i++) {
        const int x = coins[2 * i], y = coins[2 * i + 1], away = x - s.x;
        if (x != NOWHERE && away < near && -away < near && s.y < y + REACH && y - REACH < s.y + HEIGHT)
            return HAS_COIN;
    }
    return GOES_ON;
}

__device__ __forceinline__ State read(const i16* from) { return {from[0], from[1], from[2], from[3], from[4]}; }

__device__ __forceinline__ void write(i16* to, const State& s) {
    to[0] = i16(s.x), to[1] = i16(s.y), to[2] = i16(s.vx), to[3] = i16(s.vy), to[4] = i16(s.ground);
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
apply_steps(const u8* maps, const i16* hazards, const i16* states, const u8* actions, const int* times,
            const i16* coins, u32 n_rows, int n_coins, i16* after, u8* ends) {
    const u64 row = u64(blockIdx.x) * N_THREADS + threadIdx.x;
    if (row >= n_rows)
        return;
    const State s = moved(maps + row * ROWS * COLUMNS, read(states + 5 * row), actions[row]);
    write(after + 5 * row, s);
    ends[row] = u8(end_of(hazards + row * 5 * HAZARDS, coins + row * 2 * n_coins, n_coins, s, times[row] + 1));
}

__device__ __forceinline__ int byte_of(const u32* words, int first, int i) {
    return int(words[first + (i >> 2)] >> (8 * (i & 3)) & 255);
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
play_levels(const u8* maps, const i16* starts, const i16* coins, const i16* hazards, const i16* triggers,
            const u32* words, const u8* fails, u32 n_rows, i16* states, u8* actions, int* lengths, u8* ends) {
    const u64 row = u64(blockIdx.x) * N_THREADS + threadIdx.x;
    if (row >= n_rows)
        return;
    maps += row * ROWS * COLUMNS, hazards += row * 5 * HAZARDS, triggers += row * 3 * TRIGGERS;
    coins += 2 * row, words += row * PLAY_WORDS;
    states += row * 5 * (LIMIT + 1), actions += row * LIMIT;
    int n = 0;
    while (n < TRIGGERS && triggers[3 * n + 2] != 0)
        n++;
    const int remembered = fails[row] ? int(u64(words[0]) * u64(n) >> 32) : n;
    State s = {starts[2 * row], starts[2 * row + 1], 0, 0, 1};
    int passed = 0, behind = 0, end = GOES_ON, t = 0;
    write(states, s);
    for (; t < LIMIT && end == GOES_ON; t++) {
        const int pick = byte_of(words, 5, t);
        int action = (pick & 3) == 0 ? 6 : 7;
        if (s.ground) {
            const int here = passed < n ? triggers[3 * passed] : NEVER;
            const int awaited = passed < n ? triggers[3 * passed + 1] : -1;
            bool is_due = s.x >= here;
            if (is_due && awaited >= 0)
                is_due = place_of(hazards + 5 * awaited, t) - s.x <= HALF + REACH + AT_HAZARD;
            if (is_due && passed < remembered) {
                action = 8;
                behind = triggers[3 * passed + 2];
                passed++;
            } else if (t < PAUSES && here - s.x >= CLEAR) {
                const int mood = byte_of(words, 1, t >> 3);
                if (mood < IDLE) {
                    if (s.x >= behind)
                        action = (pick & 7) < 2 ? 3 + (pick & 7) : 7 + (pick & 7);
                } else if (mood < IDLE + BACK && s.x >= behind + BACK_OFF) {
                    action = pick & 1;
                }
            }
        } else if ((pick & 3) == 1) {
            action = 8;
        }
        actions[t] = u8(action);
        s = moved(maps, s, action);
        end = end_of(hazards, coins, 1, s, t + 1);
        write(states + 5 * (t + 1), s);
    }
    lengths[row] = t, ends[row] = u8(end);
    for (int i = 5 * (t + 1); i < 5 * (LIMIT + 1); i++)
        states[i] = 0;
    for (int i = t; i < LIMIT; i++)
        actions[i] = 0;
}
