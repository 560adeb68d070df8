// Kinds and constellations among the objects of a board, counted as in match.py.

// Objects by the cell of their corner. A head is garbage where no object has its corner, and known as such by that.
__device__ void enter(const Board& b, const Objects& o) {
    for (int object = lane(); object < b.n_objects; object += LANES)
        o.head[o.y(b, object) * b.width + o.x(b, object)] = ALL;
    __syncwarp();
    for (int object = lane(); object < b.n_objects; object += LANES)
        o.tail[object] = atomicExch(&o.head[o.y(b, object) * b.width + o.x(b, object)], u32(object));
    __syncwarp();
}

// Returns whether the object of `sprite` stands at y, x, which lie at most a board's side outside of the board.
__device__ bool is_there(const Board& b, const Objects& o, const int* sprite_y_x, int y, int x) {
    y += sprite_y_x[1], x += sprite_y_x[2];
    y += y < 0 ? b.height : y >= b.height ? -b.height : 0;
    x += x < 0 ? b.width : x >= b.width ? -b.width : 0;
    for (u32 object = o.head[y * b.width + x]; object < u32(b.n_objects); object = o.tail[object]) {
        if (o.y(b, object) != y || o.x(b, object) != x)
            return false;
        if (o.sprite[object] == sprite_y_x[0])
            return true;
    }
    return false;
}

__device__ void match(const Board& b, const Objects& o, const Sprites& sprites, int* constellations) {
    for (int object = lane(); object < b.n_objects; object += LANES) {
        const int sprite = o.sprite[object];
        if (sprite < 0 || sprite >= sprites.n_first)
            continue;
        const int y = o.y(b, object), x = o.x(b, object);
        for (int i = sprites.starts[sprite]; i < sprites.starts[sprite + 1]; i++) {
            const int* wanted = sprites.templates + i * N_TEMPLATE_COLUMNS;
            bool fits = wanted[1] <= b.height && wanted[2] <= b.width;
            for (int j = wanted[6]; fits && j < wanted[7]; j++)
                fits = is_there(b, o, sprites.members + 3 * j, y, x);
            if (fits && (wanted[3] < 0 || !is_there(b, o, wanted + 3, y, x)))
                atomicAdd(&constellations[wanted[0]], 1);
        }
    }
    __syncwarp();
}

// Count the objects of a board by kind, and its constellations.
__device__ void tally(const Board& b, const Objects& o, const Sprites& sprites, int* kinds,
                                   int* constellations) {
    for (int kind = lane(); kind < N_KINDS; kind += LANES)
        kinds[kind] = 0;
    for (int column = lane(); column < N_CONSTELLATIONS; column += LANES)
        constellations[column] = 0;
    __syncwarp();
    for (int object = lane(); object < b.n_objects; object += LANES) {
        const int sprite = o.sprite[object];
        atomicAdd(&kinds[sprite == ROUND ? TORUS : sprite < 0 ? 0 : int(sprites.column(sprite, KIND))], 1);
    }
    enter(b, o);
    match(b, o, sprites, constellations);
}
