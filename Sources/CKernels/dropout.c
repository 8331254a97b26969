// Dropout by a mask that is a function of (seed, step, site, row, column). Interface in kernels.h.
#include "isa.h"

#define DK_TEMPLATE "dropout.inc"
#include "isa_variants.h"

void dk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
  DK_DISPATCH(philox_one, counter, key, words);
}

void dk_dropout(const float *x, int64_t M, int64_t width, float p, uint64_t seed, uint32_t step, uint32_t site,
                uint32_t first_row, float *y) {
  DK_DISPATCH(dropout, x, M, width, p, seed, step, site, first_row, y);
}
