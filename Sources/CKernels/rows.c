// Kernels of single rows and of single elements. Interface in kernels.h, arithmetic in rows.inc.
#include "isa.h"

#include <string.h>

#define DK_TEMPLATE "rows.inc"
#include "isa_variants.h"

void dk_embed(const dk_weight_t *table, const int32_t *ids, int64_t M, float *y) {
  for (int64_t row = 0; row < M; row++) dk_decode(table, ids[row], 0, table->columns, y + row * table->columns);
}

void dk_add(float *y, const float *x, int64_t count) { DK_DISPATCH(add, y, x, count); }

void dk_column_sums(const float *x, int64_t M, int64_t columns, float *sums) {
  DK_DISPATCH(column_sums, x, M, columns, sums);
}

void dk_gather(const float *x, int64_t width, const int32_t *rows, int64_t count, float *y) {
  for (int64_t i = 0; i < count; i++) memcpy(y + i * width, x + rows[i] * width, (size_t)width * sizeof *y);
}

void dk_scatter_add(const float *dy, int64_t width, const int32_t *rows, int64_t count, float *dx) {
  for (int64_t i = 0; i < count; i++) dk_add(dx + rows[i] * width, dy + i * width, width);
}

void dk_rms_norm(const float *x, const float *weight, int64_t M, int64_t width, float epsilon, float *y,
                 float *inverse) {
  DK_DISPATCH(rms_norm, x, weight, M, width, epsilon, y, inverse);
}

void dk_rms_norm_backward(const float *dy, const float *x, const float *weight, const float *inverse, int64_t M,
                          int64_t width, float *dx) {
  DK_DISPATCH(rms_norm_backward, dy, x, weight, inverse, M, width, dx);
}

void dk_gated(const float *gate, const float *up, int64_t count, float *y) {
  DK_DISPATCH(gated, gate, up, count, y);
}

void dk_gated_backward(const float *gate, const float *up, const float *dy, int64_t count, float *dgate, float *dup) {
  DK_DISPATCH(gated_backward, gate, up, dy, count, dgate, dup);
}

void dk_rope(const float *x, int64_t M, int64_t heads, int64_t head_size, const int32_t *positions,
             const float *cosine, const float *sine, int inverse, float *y) {
  DK_DISPATCH(rope, x, M, heads, head_size, positions, cosine, sine, inverse, y);
}
