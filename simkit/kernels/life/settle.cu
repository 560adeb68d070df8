// The kernels of life, and the search for the cycle, for boards as warp.cu or block.cu keeps them.
//
// A Board has N_SLOTS states. Its threads call the following together, and `from` and `to` may be the same slot.
//   load(board, slot), store(slot, board)  a packed board into a slot and back
//   advance(from, to, n)                   put the state n generations after that in `from` into `to`
//   same(a, b)                             whether the states of two slots are equal
//   take(queue)                            the next number of a work queue
//
// Warps (or blocks) stay and take boards from the queue, so that one whose board settles early waits for none.

// Advance the states in `a` (generation `start`) and `b` (a multiple of the period later) until they are equal: that is
// the first state of the cycle. Returns its generation.
__device__ int meet(Board& board, int a, int b, int start) {
    while (!board.same(a, b)) {
        board.advance(a, a, 1);
        board.advance(b, b, 1);
        start++;
    }
    return start;
}

// Returns after how many generations the state in `a` recurs, or 0 if not within `limit`; spends `b`.
__device__ int recurrence(Board& board, int a, int b, int limit) {
    for (int n = 1; n <= limit; n++) {
        board.advance(n == 1 ? a : b, b, 1);
        if (board.same(a, b))
            return n;
    }
    return 0;
}

struct Found {
    int settle, period, slot;
};

// The state is looked at every STRIDE generations and compared with the one a stride before, which finds the periods
// that divide STRIDE, and with a marked state, which finds all others: Brent's cycle search, but the mark moves on after
// a quarter of the time so far, since what is long here is the way to the cycle. Then the first generation of the
// cycle is found by replaying from the last state known to lie before it.
__device__ Found search(Board& board, const u8* soup, int max_steps) {
    int mark = 3, t = 0, t_mark = 0, t_old_mark = 0;  // the older mark is in the other of slots 3 and 4
    board.load(soup, 0);
    board.advance(0, mark, 0);
    for (; max_steps - t >= STRIDE; t += STRIDE) {
        const int now = t / STRIDE % 3, after = (now + 1) % 3, before = (now + 2) % 3;
        board.advance(now, after, STRIDE);
        int lag = 0, start = 0, first = before, second = now;
        if (board.same(now, after)) {
            lag = STRIDE;
            if (t > 0) {  // the states in `before` and `now` differed: the cycle begins after the former
                start = t - STRIDE;
            } else {
                first = now;
                second = after;
            }
        } else if (board.same(mark, after)) {
            lag = t + STRIDE - t_mark;
            first = 7 - mark;
            second = before;
            if (t_mark > 0 && lag <= t_mark - t_old_mark)
                start = t_old_mark;  // this lag was tried from there, in vain
            else
                board.load(soup, first);
            board.advance(first, second, lag);
        }
        if (lag > 0) {
            const int settle = meet(board, first, second, start);
            return {settle, recurrence(board, first, after, lag), first};
        }
        const int age = t + STRIDE - t_mark;
        if (age >= MIN_MARK * STRIDE && age >= (t + STRIDE) / 4) {
            mark = 7 - mark;
            board.advance(after, mark, 0);
            t_old_mark = t_mark;
            t_mark = t + STRIDE;
        }
    }

    // At max_steps: a board that settled by then is in its cycle, of at most max_steps generations.
    board.advance(t / STRIDE % 3, 3, max_steps - t);
    const int period = recurrence(board, 3, 0, max_steps);
    if (period > 0) {
        board.load(soup, 0);
        board.advance(0, 1, period);
        const int settle = meet(board, 0, 1, 0);
        if (settle <= max_steps - period)
            return {settle, period, 0};
    }
    return {-1, 0, 3};
}

// Boards i with which[i] == index.
extern "C" __global__ void __launch_bounds__(N_THREADS, MIN_BLOCKS)
    settle(const u8* soups, const u8* which, int index, int n_boards, int max_steps, int height, int width, u32* room,
           int* queue, u8* ash, int* settles, int* periods) {
    Board board(height, width, room);
    for (int i; (i = board.take(queue)) < n_boards;) {
        if (which[i] != index)
            continue;
        const u64 at = u64(i) * board.n_bytes();
        const Found found = search(board, soups + at, max_steps);
        board.store(found.slot, ash + at);
        if (board.is_first()) {
            settles[i] = found.settle;
            periods[i] = found.period;
        }
    }
}

extern "C" __global__ void __launch_bounds__(N_THREADS, MIN_BLOCKS)
    step(const u8* boards, int n_boards, int n_generations, int height, int width, u32* room, int* queue, u8* out) {
    Board board(height, width, room);
    for (int i; (i = board.take(queue)) < n_boards;) {
        const u64 at = u64(i) * board.n_bytes();
        board.load(boards + at, 0);
        board.advance(0, 0, n_generations);
        board.store(0, out + at);
    }
}
