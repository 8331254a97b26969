// Gradients of small dense weights: g += scale · aᵀ · b, where one of the two widths is usually a rank.
//
// The wide operand runs along the vectors, the narrow one is broadcast, whichever side of g it is. Sums run over the
// rows in order, in runs of RUN, each from zero; then g += scale · sum.
#include <string.h>

#include "isa.h"
#include "product.h"

enum { RUN = 256 };

typedef struct {
  float edge[RUN * PANEL];               // the last columns of the wide operand, filled up with zeros
  float tile[MAX_TILE_ROWS * PANEL];     // sums: columns of the narrow operand × columns of the wide one
} outer_scratch_t;

typedef struct {
  const float *values;
  int64_t stride, columns;
} operand_t;

#define DK_TEMPLATE "outer.inc"
#include "isa_variants.h"

size_t dk_outer_scratch(void) { return (sizeof(outer_scratch_t) + 63) / 64 * 64; }

void dk_outer(const float *a, int64_t a_stride, int64_t a_columns, const float *b, int64_t b_stride,
              int64_t b_columns, int64_t M, float scale, float *g, int64_t g_stride, void *scratch) {
  const operand_t left = {a, a_stride, a_columns}, right = {b, b_stride, b_columns};
  if (a_columns <= b_columns)
    DK_DISPATCH(outer, left, right, M, scale, g, g_stride, 1, scratch);
  else
    DK_DISPATCH(outer, right, left, M, scale, g, 1, g_stride, scratch);
}
