// Pooling, softmax cross-entropy and AdamW. Interface in kernels.h, arithmetic of the last two in loss_adamw.inc.
#include "isa.h"

#include <math.h>
#include <string.h>

// What AdamW multiplies every element of a tensor by.
typedef struct {
  float gradient_scale;
  float beta1, share1;   // share = 1 − β
  float beta2, share2;
  float unbias;          // 1 / (1 − β2^step)
  float epsilon;
  float decay;           // rate · weight_decay
  float rate;            // rate / (1 − β1^step)
} adamw_t;

#define DK_TEMPLATE "loss_adamw.inc"
#include "isa_variants.h"

// ---- pooling ------------------------------------------------------------------------------------------------------

// The rows of a sequence that has none pool to 0.
void dk_pool(dk_pooling_t kind, const float *x, int64_t width, const int32_t *starts, int64_t sequence_count, float *y,
             int32_t *argmax) {
  for (int64_t s = 0; s < sequence_count; s++, y += width) {
    const int64_t first = starts[s], last = starts[s + 1];
    int32_t *rows = kind == DK_POOL_MAX ? argmax + s * width : NULL;
    memset(y, 0, (size_t)width * sizeof *y);
    for (int64_t c = 0; rows && c < width; c++) rows[c] = (int32_t)first;
    if (first == last) continue;
    const int64_t copied = kind == DK_POOL_LAST ? last - 1 : first;
    memcpy(y, x + copied * width, (size_t)width * sizeof *y);
    if (kind == DK_POOL_MEAN) {
      for (int64_t row = first + 1; row < last; row++) dk_add(y, x + row * width, width);
      for (int64_t c = 0; c < width; c++) y[c] /= (float)(last - first);
    } else if (kind == DK_POOL_MAX) {
      for (int64_t row = first + 1; row < last; row++)
        for (int64_t c = 0; c < width; c++)
          // The first NaN stays: a comparison with it is false, and nothing hides it.
          if (x[row * width + c] > y[c] || (x[row * width + c] != x[row * width + c] && y[c] == y[c]))
            y[c] = x[row * width + c], rows[c] = (int32_t)row;
    }
  }
}

void dk_pool_backward(dk_pooling_t kind, const float *dy, int64_t width, const int32_t *starts, int64_t sequence_count,
                      const int32_t *argmax, float *dx) {
  for (int64_t s = 0; s < sequence_count; s++, dy += width) {
    const int64_t first = starts[s], last = starts[s + 1];
    memset(dx + first * width, 0, (size_t)((last - first) * width) * sizeof *dx);
    if (first == last) continue;
    switch (kind) {
    case DK_POOL_LAST: memcpy(dx + (last - 1) * width, dy, (size_t)width * sizeof *dx); break;
    case DK_POOL_FIRST: memcpy(dx + first * width, dy, (size_t)width * sizeof *dx); break;
    case DK_POOL_MEAN:
      for (int64_t row = first; row < last; row++)
        for (int64_t c = 0; c < width; c++) dx[row * width + c] = dy[c] / (float)(last - first);
      break;
    case DK_POOL_MAX:
      for (int64_t c = 0; c < width; c++) dx[argmax[s * width + c] * width + c] = dy[c];
      break;
    }
  }
}

// ---- loss ---------------------------------------------------------------------------------------------------------

double dk_cross_entropy(const float *logits, const int32_t *labels, int64_t M, int64_t classes, float weight,
                        float *dlogits) {
  return DK_DISPATCH(cross_entropy, logits, labels, M, classes, weight, dlogits);
}

// ---- optimiser ----------------------------------------------------------------------------------------------------

double dk_sum_squares(const float *x, int64_t count) { return DK_DISPATCH(sum_squares, x, count); }

void dk_adamw(float *parameter, const float *gradient, float *m, float *v, int64_t count, float gradient_scale,
              float rate, float beta1, float beta2, float epsilon, float weight_decay, int64_t step) {
  const adamw_t by = {
    .gradient_scale = gradient_scale,
    .beta1 = beta1, .share1 = (float)(1 - (double)beta1),
    .beta2 = beta2, .share2 = (float)(1 - (double)beta2),
    .unbias = (float)(1 / (1 - pow((double)beta2, (double)step))),
    .epsilon = epsilon,
    .decay = (float)((double)rate * (double)weight_decay),
    .rate = (float)((double)rate / (1 - pow((double)beta1, (double)step))),
  };
  DK_DISPATCH(adamw, parameter, gradient, m, v, count, &by);
}
