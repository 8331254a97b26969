#include "kernels.h"
size_t dk_outer_scratch(void) { return 0; }
// naive for now
void dk_outer(const float *a, int64_t a_stride, int64_t a_columns, const float *b, int64_t b_stride,
              int64_t b_columns, int64_t M, float scale, float *g, int64_t g_stride, void *scratch) {
  (void)scratch;
  for (int64_t i = 0; i < a_columns; i++)
    for (int64_t j = 0; j < b_columns; j++) {
      float sum = 0;
      for (int64_t m = 0; m < M; m++) sum += a[m * a_stride + i] * b[m * b_stride + j];
      g[i * g_stride + j] += scale * sum;
    }
}
