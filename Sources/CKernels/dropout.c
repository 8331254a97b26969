// Dropout by a mask that is a function of (seed, step, site, row, column). Interface in kernels.h.
#include "isa.h"

#include <string.h>

#define DK_TEMPLATE "dropout.inc"
#include "isa_variants.h"

void dk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
  DK_DISPATCH(philox_one, counter, key, words);
}

int64_t dk_dropout_words(int64_t width) { return (width + 127) / 128 * 4; }

void dk_dropout_mask(int64_t M, int64_t width, float p, uint64_t seed, uint32_t step, uint32_t site,
                     uint32_t first_row, uint32_t *mask) {
  const float threshold = p * 65536.0f + 0.5f;
  if (threshold >= 65536.0f)  // no number is as large
    memset(mask, 0, (size_t)(M * dk_dropout_words(width)) * sizeof *mask);
  else
    DK_DISPATCH(dropout_mask, M, width, (uint32_t)threshold << 16, seed, step, site, first_row, mask);
}

void dk_dropout(const float *x, const uint32_t *mask, int64_t M, int64_t width, float p, float *y, int accumulate) {
  DK_DISPATCH(dropout, x, mask, M, width, 1.0f / (1.0f - p), y, accumulate);
}
