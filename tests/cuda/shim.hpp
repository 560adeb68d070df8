// CUDA C++ on a host without a GPU, for tests: the threads of a block are fibers, run one at a time.
//
// A thread runs until it waits for others at a shuffle, a vote or a barrier; then the next one runs, in an order that
// the schedule says. So a result that depends on the order, where a barrier is missing, differs between schedules.
// What is undefined on a GPU is an error here: threads that wait for one another at different places, a lane that has
// left or is not in its mask, a shuffle from such a lane. Shared memory is garbage before each block.
//
// Blocks run one after another.

#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <utility>

namespace shim {

struct Dim {
    unsigned x, y, z;
};

constexpr int WARP = 32, MAX_THREADS = 1024, STACK = 1 << 18;

enum State { READY, WAITING, LEFT };
enum Kind { SHUFFLE, ALL_OF, ANY_OF, BALLOT, SYNC_WARP };

struct Fiber {
    ucontext_t context;
    jmp_buf here;
    State state;
    bool is_started;
    Dim thread;
    // what it waits for
    const char* place;
    int line;
    unsigned mask;
    int kind, source;
    unsigned long long value, result;
};

static Fiber fibers[MAX_THREADS];
static char* stacks;
static ucontext_t scheduler_context;
static jmp_buf scheduler;
static int n_threads, current, n_at_barrier, n_waiting_of_warp[MAX_THREADS / WARP];
static char error[400];
static void (*run_kernel)(void**);
static void** arguments;
static unsigned long long random_state;

[[noreturn]] inline void fail(const char* what, int line) {
    const Dim& t = fibers[current].thread;
    std::snprintf(error, sizeof error, "%s (thread %u of the block, line %d)", what, t.x, line);
    _longjmp(scheduler, 2);
}

}  // namespace shim

static shim::Dim threadIdx, blockIdx, blockDim, gridDim;

namespace shim {

inline void wait_here() {
    if (!_setjmp(fibers[current].here))
        _longjmp(scheduler, 1);
}

inline void enter() {
    run_kernel(arguments);
    fibers[current].state = LEFT;
    _longjmp(scheduler, 1);
}

// Waits at a barrier of all threads; returns whether any of them gave a nonzero value.
inline int block_barrier(int value, int line) {
    static unsigned long long any;
    Fiber& me = fibers[current];
    me.state = WAITING, me.place = "__syncthreads", me.line = line, me.mask = 0;
    any = n_at_barrier == 0 ? value != 0 : any | (value != 0);
    if (++n_at_barrier < n_threads) {
        wait_here();
        return int(me.result);
    }
    n_at_barrier = 0;
    for (int i = 0; i < n_threads; i++) {
        if (fibers[i].line != line)
            fail("__syncthreads: another thread waits at another one", line);
        fibers[i].state = READY, fibers[i].result = any;
    }
    return int(any);
}

// Waits for the lanes of `mask`.
inline unsigned long long warp_wait(int kind, unsigned mask, unsigned long long value, int source, int line) {
    Fiber& me = fibers[current];
    const int lane = current % WARP;
    Fiber* warp = fibers + (current - lane);
    int& n_waiting = n_waiting_of_warp[current / WARP];
    if (!(mask >> lane & 1))
        fail("a lane that is not in its mask", line);
    me.state = WAITING, me.place = "a warp operation", me.line = line;
    me.kind = kind, me.mask = mask, me.value = value, me.source = source;
    unsigned here = 0, ballot = 0;
    if (++n_waiting >= __builtin_popcount(mask))
        for (int i = 0; i < WARP; i++)
            if (warp[i].state == WAITING && warp[i].mask == mask)
                here |= 1u << i, ballot |= unsigned(warp[i].value != 0) << i;
    if (here != mask) {
        wait_here();
        return me.result;
    }
    n_waiting -= __builtin_popcount(mask);
    for (int i = 0; i < WARP; i++) {
        Fiber& other = warp[i];
        if (!(mask >> i & 1))
            continue;
        if (other.kind != kind || other.line != line)
            fail("a lane of the mask waits at another operation", line);
        if (kind == SHUFFLE && !(mask >> other.source & 1))
            fail("a shuffle from a lane that is not in the mask", line);
        other.state = READY;
        other.result = kind == SHUFFLE  ? warp[other.source].value
                       : kind == ALL_OF ? ballot == mask
                       : kind == ANY_OF ? ballot != 0
                                        : ballot;
    }
    return me.result;
}

template <typename T>
T shuffle(unsigned mask, T value, int source, int line) {
    static_assert(sizeof(T) <= 8);
    unsigned long long bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = warp_wait(SHUFFLE, mask, bits, source, line);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline int lane() { return current % WARP; }

template <typename T>
T old_and_new(T* address, T value) {
    const T old = *address;
    *address = value;
    return old;
}

inline unsigned next_random() {
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return unsigned(random_state >> 32);
}

// Runs the threads of one block to their end.
inline void run_block(int schedule) {
    static int order[MAX_THREADS];
    n_at_barrier = 0;
    std::memset(n_waiting_of_warp, 0, sizeof n_waiting_of_warp);
    for (int i = 0; i < n_threads; i++) {
        fibers[i].state = READY, fibers[i].is_started = false;
        fibers[i].thread = {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
        order[i] = schedule == 1 ? n_threads - 1 - i : i;
    }
    static volatile int turn, n_left, n_ran;
    for (n_left = n_threads; n_left > 0;) {
        n_ran = 0;
        if (schedule == 2)
            for (int i = n_threads - 1; i > 0; i--)
                std::swap(order[i], order[next_random() % (i + 1)]);
        for (turn = 0; turn < n_threads; turn = turn + 1) {
            current = order[turn];
            Fiber& fiber = fibers[current];
            if (fiber.state != READY)
                continue;
            n_ran = n_ran + 1;
            threadIdx = fiber.thread;
            const int reason = _setjmp(scheduler);
            if (reason == 2)
                return;
            if (reason == 0) {
                if (fiber.is_started)
                    _longjmp(fiber.here, 1);
                fiber.is_started = true;
                getcontext(&fiber.context);
                fiber.context.uc_stack.ss_sp = stacks + size_t(STACK) * current;
                fiber.context.uc_stack.ss_size = STACK;
                fiber.context.uc_link = &scheduler_context;
                makecontext(&fiber.context, enter, 0);
                setcontext(&fiber.context);
            }
            if (fibers[current].state == LEFT)
                n_left = n_left - 1;
        }
        if (n_ran == 0) {
            const Fiber* waiting = fibers;
            while (waiting->state != WAITING)
                waiting++;
            std::snprintf(error, sizeof error, "thread %u waits at %s (line %d) for ever, %d threads have left",
                          waiting->thread.x, waiting->place, waiting->line, n_threads - n_left);
            return;
        }
    }
}

}  // namespace shim

// Variables in shared memory stand in a section of their own.
extern "C" char __start_shared_memory[] __attribute__((weak)), __stop_shared_memory[] __attribute__((weak));

namespace shim {

inline const char* launch(void (*kernel)(void**), const unsigned* grid, const unsigned* block, void** values,
                          int schedule, unsigned long long seed) {
    error[0] = 0;
    run_kernel = kernel, arguments = values, random_state = seed * 2 + 1;
    gridDim = {grid[0], grid[1], grid[2]}, blockDim = {block[0], block[1], block[2]};
    const size_t threads = size_t(block[0]) * block[1] * block[2], blocks = size_t(grid[0]) * grid[1] * grid[2];
    if (threads < 1 || threads > MAX_THREADS || blocks < 1 || grid[1] > 65535 || grid[2] > 65535)
        return "a grid or block of a size that no device takes";
    n_threads = int(threads);
    if (!stacks)
        stacks = static_cast<char*>(std::malloc(size_t(STACK) * MAX_THREADS));
    for (size_t b = 0; b < blocks && !error[0]; b++) {
        const size_t i = schedule == 0 ? b : blocks - 1 - b;
        blockIdx = {unsigned(i % grid[0]), unsigned(i / grid[0] % grid[1]), unsigned(i / grid[0] / grid[1])};
        if (__start_shared_memory)
            std::memset(__start_shared_memory, 0xA5, __stop_shared_memory - __start_shared_memory);
        run_block(schedule);
    }
    return error[0] ? error : nullptr;
}

template <typename... A>
struct Signature {
    static int sizes(int* out) {
        ((*out++ = sizeof(A)), ...);
        return sizeof...(A);
    }
    template <void (*kernel)(A...), size_t... I>
    static void call(void** values, std::index_sequence<I...>) {
        kernel(*static_cast<A*>(values[I])...);
    }
    template <void (*kernel)(A...)>
    static void run(void** values) {
        call<kernel>(values, std::index_sequence_for<A...>());
    }
};

template <typename... A>
Signature<A...> signature(void (*)(A...)) {
    return {};
}

}  // namespace shim

// What a host calls to launch `kernel`, and the sizes of its parameters.
#define SHIM_KERNEL(kernel)                                                                                         \
    extern "C" int shim_sizes_##kernel(int* out) { return decltype(shim::signature(kernel))::sizes(out); }         \
    extern "C" const char* shim_launch_##kernel(const unsigned* grid, const unsigned* block, void** values,        \
                                                int schedule, unsigned long long seed) {                           \
        return shim::launch(decltype(shim::signature(kernel))::run<kernel>, grid, block, values, schedule, seed);  \
    }

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("shared_memory")))

#define __syncthreads() shim::block_barrier(0, __LINE__)
#define __syncthreads_or(value) shim::block_barrier(value, __LINE__)
#define __syncwarp() shim::warp_wait(shim::SYNC_WARP, 0xFFFFFFFF, 0, 0, __LINE__)
#define __ballot_sync(mask, value) unsigned(shim::warp_wait(shim::BALLOT, mask, (value) != 0, 0, __LINE__))
#define __all_sync(mask, value) int(shim::warp_wait(shim::ALL_OF, mask, (value) != 0, 0, __LINE__))
#define __any_sync(mask, value) int(shim::warp_wait(shim::ANY_OF, mask, (value) != 0, 0, __LINE__))
#define __shfl_sync(mask, value, source) shim::shuffle(mask, value, (source) & 31, __LINE__)
#define __shfl_up_sync(mask, value, n) \
    shim::shuffle(mask, value, shim::lane() < int(n) ? shim::lane() : shim::lane() - int(n), __LINE__)
#define __shfl_down_sync(mask, value, n) \
    shim::shuffle(mask, value, shim::lane() + int(n) > 31 ? shim::lane() : shim::lane() + int(n), __LINE__)
#define __shfl_xor_sync(mask, value, bits) shim::shuffle(mask, value, shim::lane() ^ int(bits), __LINE__)

template <typename T>
T atomicAdd(T* address, T value) {
    return shim::old_and_new(address, T(*address + value));
}
template <typename T>
T atomicOr(T* address, T value) {
    return shim::old_and_new(address, T(*address | value));
}
template <typename T>
T atomicMin(T* address, T value) {
    return shim::old_and_new(address, value < *address ? value : *address);
}
template <typename T>
T atomicMax(T* address, T value) {
    return shim::old_and_new(address, value > *address ? value : *address);
}
template <typename T>
T atomicExch(T* address, T value) {
    return shim::old_and_new(address, value);
}
template <typename T>
T atomicCAS(T* address, T expected, T value) {
    return shim::old_and_new(address, *address == expected ? value : *address);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline long long __double_as_longlong(double x) {
    long long bits;
    std::memcpy(&bits, &x, sizeof x);
    return bits;
}
inline double __longlong_as_double(long long bits) {
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned n) {
    return n % 32 ? high << n % 32 | low >> (32 - n % 32) : high;
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned n) {
    return n % 32 ? low >> n % 32 | high << (32 - n % 32) : low;
}
