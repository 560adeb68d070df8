// Painting, a thread for a pixel of a picture, with all channels of it; and subsets, a thread for each.

// What a thread paints: a pixel of one picture.
struct Pixel {
    u64 image;
    int y, x;
    u8* first;   // its first channel
    u64 channel; // from one channel to the next

    __device__ __forceinline__ Pixel(u8* images, u64 i, u32 n_channels, int height, int width) {
        channel = (u64)height * width;
        image = i / channel;
        const u32 within = u32(i - image * channel);
        y = within / width, x = within % width;
        first = images + image * n_channels * channel + within;
    }
};

// What is seen of a colour under another one of some opacity, 0..255
__device__ __forceinline__ u8 blend(u32 under, u32 over, u32 opacity) {
    return u8((under * (255 - opacity) + over * opacity + 127) / 255);
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    discs(u8* images, u64 n_pixels, u32 n_channels, int height, int width, const double* centres, const double* radii,
          const u8* colours, u32 n_discs, double edge) {
    const u64 i = (u64)blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_pixels)
        return;
    const Pixel at(images, i, n_channels, height, width);
    const double* centre = centres + at.image * n_discs * 2;
    for (u32 k = 0; k < n_discs; k++, centre += 2) {
        const double dx = (at.x + 0.5) - centre[0], dy = (at.y + 0.5) - centre[1];
        const double distance = sqrt(dx * dx + dy * dy);
        double coverage = distance <= radii[k] ? 1 : 0;
        if (edge != 0) {
            coverage = (radii[k] - distance) / edge + 0.5;
            coverage = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
        }
        const u32 opacity = u32(coverage * 255 + 0.5);
        if (opacity)
            for (u32 c = 0; c < n_channels; c++) {
                u8& pixel = at.first[c * at.channel];
                pixel = blend(pixel, colours[k * n_channels + c], opacity);
            }
    }
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    subsets(const long long* counts, const long long* ranks, u32 n_subsets, const long long* table, int n, u8* found) {
    const u32 i = blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_subsets)
        return;
    long long k = counts[i], rank = ranks[i];
    for (int x = n - 1; x >= 0; x--) {
        const long long size = table[x * (n + 1) + k];
        const bool is_in = rank >= size; // never with k = 0, where C(x, 0) = 1 and the rank is 0
        rank -= is_in ? size : 0;
        k -= is_in;
        found[(u64)i * n + x] = is_in;
    }
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    lines(u8* images, u64 n_pixels, u32 n_channels, int height, int width, const u8* columns, const u8* colour) {
    const u64 i = (u64)blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_pixels)
        return;
    const Pixel at(images, i, n_channels, height, width);
    if (columns[at.image * width + at.x])
        for (u32 c = 0; c < n_channels; c++)
            at.first[c * at.channel] = colour[c];
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    tiles(u8* images, u64 n_pixels, u32 n_channels, int height, int width, const u8* maps, int n_rows, int n_columns,
          const int* offsets, const u8* atlas, int side) {
    const u64 i = (u64)blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_pixels)
        return;
    const Pixel at(images, i, n_channels, height, width);
    const int x = offsets[2 * at.image] + at.x, y = offsets[2 * at.image + 1] + at.y;
    const int column = x / side - (x % side < 0), row = y / side - (y % side < 0);
    const bool is_inside = row >= 0 && row < n_rows && column >= 0 && column < n_columns;
    const u64 number = is_inside ? maps[(at.image * n_rows + row) * n_columns + column] : 0;
    const u8* from = atlas + (number * n_channels * side + (y - row * side)) * side + (x - column * side);
    for (u32 c = 0; c < n_channels; c++)
        at.first[c * at.channel] = from[c * side * side];
}

extern "C" __global__ void __launch_bounds__(N_THREADS)
    sprites(u8* images, u64 n_pixels, u32 n_channels, int height, int width, const int* numbers, const int* places,
            u32 n_sprites, const u8* atlas, int sprite_height, int sprite_width) {
    const u64 i = (u64)blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_pixels)
        return;
    const Pixel at(images, i, n_channels, height, width);
    const u64 area = (u64)sprite_height * sprite_width;
    for (u32 k = 0; k < n_sprites; k++) {
        const u64 sprite = at.image * n_sprites + k;
        const int number = numbers[sprite], x = at.x - places[2 * sprite], y = at.y - places[2 * sprite + 1];
        if (number < 0 || x < 0 || x >= sprite_width || y < 0 || y >= sprite_height)
            continue;
        const u8* from = atlas + number * (n_channels + 1) * area + y * sprite_width + x;
        const u32 opacity = from[n_channels * area];
        if (opacity)
            for (u32 c = 0; c < n_channels; c++) {
                u8& pixel = at.first[c * at.channel];
                pixel = blend(pixel, from[c * area], opacity);
            }
    }
}
