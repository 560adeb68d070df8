// Strokes of a pen, a thread for a pixel of a picture (after raster.cu). No operation is fused (--fmad=false).

extern "C" __global__ void __launch_bounds__(N_THREADS)
    strokes(u8* images, u64 n_pixels, u32 n_channels, int height, int width, const float* segments, const float* widths,
            const u8* colours, u32 n_segments, float least) {
    const u64 i = (u64)blockIdx.x * N_THREADS + threadIdx.x;
    if (i >= n_pixels)
        return;
    const Pixel at(images, i, n_channels, height, width);
    const float x = at.x + 0.5f, y = at.y + 0.5f;
    const float* ends = segments + at.image * n_segments * 4;
    const float* half = widths + at.image * n_segments;
    float cover = 0;
    for (u32 k = 0; k < n_segments; k++, ends += 4) {
        const float x0 = ends[0], y0 = ends[1];
        if (x0 != x0)
            continue;
        const float dx = ends[2] - x0, dy = ends[3] - y0;
        const float square = dx * dx + dy * dy;
        const float inverse = square > least ? 1.0f / square : 0.0f;
        const float px = x - x0, py = y - y0;
        float along = (px * dx + py * dy) * inverse;
        along = along < 0 ? 0 : along > 1 ? 1 : along;
        const float ex = px - along * dx, ey = py - along * dy;
        const float found = (half[k] - sqrtf(ex * ex + ey * ey)) + 0.5f;
        cover = found > cover ? found : cover;
    }
    const u32 opacity = u32((cover > 1 ? 1 : cover) * 255 + 0.5f);
    if (opacity)
        for (u32 c = 0; c < n_channels; c++) {
            u8& pixel = at.first[c * at.channel];
            pixel = blend(pixel, colours[at.image * n_channels + c], opacity);
        }
}
