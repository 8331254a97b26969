// What product.c asks of an instruction set (product.inc) and of its scratch.
#ifndef DISCERN_PRODUCT_H
#define DISCERN_PRODUCT_H
#include "kernels.h"

enum {
  PANEL = 32,        // columns of a panel: one k after the other, PANEL floats each
  PANELS = 8,        // panels that are built together, to be used on all rows while they lie in the L2 cache
  DEPTH = 256,       // the most k of a large segment in one step of the reduction
  RIDERS = 64,       // the most k of small segments that ride on such a step
  STEP = DEPTH + RIDERS,
  STEP_PADDED = STEP + 16,  // a panel is built 16 k at a time and may run over
  MAX_TILE_ROWS = 14,
};

// The stored weights of the panels that will be built next, line by line. The tiles ask for them, a line every few k,
// so that the memory works during the arithmetic; asked for in bursts they would hold up the tiles' own loads.
typedef struct {
  const uint8_t *row;
  int64_t rows, row_bytes, width;  // rows still to come; the bytes of each that matter
  int64_t offset;
} upcoming_t;

static inline __attribute__((always_inline)) void ask_for_line(upcoming_t *next) {
  if (next->rows <= 0) return;
  __builtin_prefetch(next->row + next->offset, 0, 2);
  next->offset += 64;
  if (next->offset < next->width) return;
  next->offset = 0, next->row += next->row_bytes, next->rows--;
}

// y (rows, columns) = or += a (rows, STEP) · b (k, PANEL); rows and columns are the kernel's own.
typedef void (*dk_tile_t)(const float *a, const float *b, int64_t k, float *y, int64_t y_stride, int accumulate,
                          upcoming_t *next);

typedef struct {
  int64_t lanes;
  int64_t tile_rows, tile_columns;
  const dk_tile_t *wide;    // wide[rows]: tile_columns columns
  const dk_tile_t *narrow;  // narrow[rows]: `lanes` columns
  // to (k, PANEL) columns 0 … 15 = the 16 rows of `from` (row_bytes apart, k floats each, k a multiple of 4), transposed
  void (*transpose)(const uint8_t *from, int64_t row_bytes, int64_t k, float *to);
} dk_product_set_t;

#endif
