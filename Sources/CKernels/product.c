// Products with frozen weights in any format, y += x · op(W), and their low-rank companions.
//
// The outputs are cut into panels of PANEL columns. For PANELS of them at a time and one step of the reduction, the
// weights are decoded (and transposed, for DK_FORWARD) into panels that stay in the L2 cache while all rows of x pass.
// A tile of rows is copied side by side first: strides of a large power of two would fight for the same cache sets,
// and the pieces of several segments become one run of k.
//
// Bits: a step adds sum over its k, in order, one fused multiply-add each, from zero; then y += that sum. Steps depend
// on the segments alone, so neither the number of rows nor the split of outputs shows in the result.
#include "product.h"

#include <string.h>

#include "isa.h"
#include "quantized.h"

#define DK_TEMPLATE "product.inc"
#include "isa_variants.h"

typedef struct {
  float panels[PANELS * STEP_PADDED * PANEL];
  float x[MAX_TILE_ROWS * STEP];        // rows of the tile, the step's pieces end to end
  float decoded[16 * STEP_PADDED];      // 16 rows of a weight on their way into a panel
  float tile[MAX_TILE_ROWS * PANEL];    // a tile that would stick out of y
} scratch_t;

// Bytes that dk_outer uses: see outer.c.
size_t dk_outer_scratch(void);

size_t dk_product_scratch(void) {
  const size_t product = (sizeof(scratch_t) + 63) / 64 * 64, outer = dk_outer_scratch();
  return product > outer ? product : outer;
}

int64_t dk_product_panel(void) { return PANEL; }

static const dk_product_set_t *product_set(void) {
#if defined(__x86_64__)
  if (dk_isa() == DK_ISA_AVX512) return &product_set_avx512;
  if (dk_isa() == DK_ISA_AVX2) return &product_set_avx2;
#endif
  return &product_set_generic;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// ---- steps of the reduction -------------------------------------------------------------------------------------

// A run of one segment's reduction axis.
typedef struct {
  const dk_segment_t *segment;
  int64_t first, count;
} piece_t;

enum { MAX_PIECES = 8 };
typedef struct {
  piece_t pieces[MAX_PIECES];
  int64_t piece_count;
  int64_t k;  // of all pieces together
} step_t;

static int64_t depth(dk_direction_t direction, const dk_segment_t *segment) {
  return direction == DK_FORWARD ? segment->weight.columns : segment->weight.rows;
}

static void add_piece(step_t *step, const dk_segment_t *segment, int64_t first, int64_t count) {
  step->pieces[step->piece_count++] = (piece_t){segment, first, count};
  step->k += count;
}

// The step that follows position (segment, first), which it moves on. A segment is cut into equal runs of at most DEPTH;
// small segments ride on the last run of the one before.
static step_t next_step(dk_direction_t direction, const dk_segment_t *segments, int64_t segment_count,
                        int64_t *segment, int64_t *first) {
  step_t step = {.piece_count = 0};
  const int64_t all = depth(direction, &segments[*segment]);
  const int64_t runs = (all + DEPTH - 1) / DEPTH, run = ((all + runs - 1) / runs + 31) / 32 * 32;
  const int64_t count = smaller(run, all - *first);
  add_piece(&step, &segments[*segment], *first, count);
  *first += count;
  if (*first < all) return step;
  *first = 0;
  for (++*segment; *segment < segment_count && step.piece_count < MAX_PIECES; ++*segment) {
    const int64_t small = depth(direction, &segments[*segment]);
    if (small > RIDERS || step.k + small > STEP) break;
    add_piece(&step, &segments[*segment], 0, small);
  }
  return step;
}

// ---- panels -------------------------------------------------------------------------------------------------------

// count values of a row from `first` on; whole groups of 32 without detour.
static void decode_run(const dk_weight_t *weight, dk_decode_groups_t decode, int64_t row, int64_t first, int64_t count,
                       float *out) {
  if (first % 32 == 0 && count % 32 == 0)
    decode((const uint8_t *)weight->data + row * weight->row_bytes, first / 32, count / 32, out, 32);
  else
    dk_decode(weight, row, first, count, out);
}

// 16 columns of a panel: rows `first_row` … of the weight, of which there may be fewer than 16.
static void build_forward(const dk_product_set_t *set, const piece_t *piece, int64_t first_row, float *to,
                          scratch_t *scratch) {
  const dk_weight_t *weight = &piece->segment->weight;
  const int64_t rows = smaller(weight->rows - first_row, 16);
  if (weight->format == DK_F32 && rows == 16 && piece->count % 16 == 0) {
    const uint8_t *from = (const uint8_t *)weight->data + first_row * weight->row_bytes;
    set->transpose(from + piece->first * (int64_t)sizeof(float), weight->row_bytes, piece->count, to);
    return;
  }
  const dk_decode_groups_t decode = dk_group_decoder(weight->format);
  const int64_t stride = (piece->count + 15) / 16 * 16;
  for (int64_t r = 0; r < rows; r++)
    decode_run(weight, decode, first_row + r, piece->first, piece->count, scratch->decoded + r * stride);
  memset(scratch->decoded + rows * stride, 0, (size_t)((16 - rows) * stride) * sizeof(float));
  set->transpose((const uint8_t *)scratch->decoded, stride * (int64_t)sizeof(float), stride, to);
}

// Columns first … first + columns - 1 of the weight, to panels that are panel_stride floats apart.
static void build_backward(const piece_t *piece, int64_t first, int64_t columns, float *to, int64_t panel_stride) {
  const dk_weight_t *weight = &piece->segment->weight;
  const dk_decode_groups_t decode = dk_group_decoder(weight->format);
  const int64_t whole = columns / PANEL, rest = columns % PANEL;
  for (int64_t k = 0; k < piece->count; k++, to += PANEL) {
    const int64_t row = piece->first + k;
    decode((const uint8_t *)weight->data + row * weight->row_bytes, first / PANEL, whole, to, panel_stride);
    if (rest == 0) continue;
    float *last = to + whole * panel_stride;
    dk_decode(weight, row, first + whole * PANEL, rest, last);
    memset(last + rest, 0, (size_t)(PANEL - rest) * sizeof(float));
  }
}

// Panels of outputs first … first + columns - 1 for one step. Returns the distance of two panels.
static int64_t build_panels(const dk_product_set_t *set, dk_direction_t direction, const step_t *step, int64_t first,
                            int64_t columns, scratch_t *scratch) {
  const int64_t panel_stride = (step->k + 16) * PANEL, panels = (columns + PANEL - 1) / PANEL;
  float *to = scratch->panels;
  for (int64_t p = 0; p < step->piece_count; p++) {
    const piece_t *piece = &step->pieces[p];
    if (direction == DK_BACKWARD) build_backward(piece, first, columns, to, panel_stride);
    for (int64_t c = 0; direction == DK_FORWARD && c < columns; c += 16)
      build_forward(set, piece, first + c, to + c / PANEL * panel_stride + c % PANEL, scratch);
    if (piece->segment->scale != 1)
      for (int64_t panel = 0; panel < panels; panel++)
        for (int64_t i = 0; i < piece->count * PANEL; i++) to[panel * panel_stride + i] *= piece->segment->scale;
    to += piece->count * PANEL;
  }
  return panel_stride;
}

// ---- tiles ----------------------------------------------------------------------------------------------------------

// The step's part of `rows` rows of x, side by side.
static void copy_rows(const step_t *step, int64_t first_row, int64_t rows, float *to) {
  for (int64_t p = 0; p < step->piece_count; p++) {
    const piece_t *piece = &step->pieces[p];
    const float *from = piece->segment->x + first_row * piece->segment->x_stride + piece->first;
    for (int64_t r = 0; r < rows; r++)
      memcpy(to + r * STEP, from + r * piece->segment->x_stride, (size_t)piece->count * sizeof(float));
    to += piece->count;
  }
}

// One tile of `columns` columns, which may be fewer than the kernel writes.
static void run_tile(const dk_product_set_t *set, int64_t rows, int64_t columns, const float *b, int64_t k, float *y,
                     int64_t y_stride, int accumulate, scratch_t *scratch) {
  const int narrow = columns <= set->lanes;
  const dk_tile_t tile = (narrow ? set->narrow : set->wide)[rows];
  if (columns == (narrow ? set->lanes : set->tile_columns)) {
    tile(scratch->x, b, k, y, y_stride, accumulate);
    return;
  }
  tile(scratch->x, b, k, scratch->tile, PANEL, 0);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) {
      const float sum = scratch->tile[r * PANEL + c];
      y[r * y_stride + c] = accumulate ? y[r * y_stride + c] + sum : sum;
    }
}

// y (M, columns) = or += the step's product with the panels.
static void run_step(const dk_product_set_t *set, const step_t *step, int64_t M, int64_t columns, int64_t panel_stride,
                     float *y, int64_t y_stride, int accumulate, scratch_t *scratch) {
  // Tiles of almost equal height: a last tile of one row would cost nearly as much as a full one.
  const int64_t tiles = (M + set->tile_rows - 1) / set->tile_rows;
  for (int64_t tile = 0, row = 0; tile < tiles; tile++) {
    const int64_t rows = (M - row) / (tiles - tile);
    copy_rows(step, row, rows, scratch->x);
    for (int64_t c = 0; c < columns; c += set->tile_columns)
      run_tile(set, rows, smaller(columns - c, set->tile_columns),
               scratch->panels + c / PANEL * panel_stride + c % PANEL, step->k, y + row * y_stride + c, y_stride,
               accumulate, scratch);
    row += rows;
  }
}

static void add_bias(const float *bias, int64_t M, int64_t columns, float *y, int64_t y_stride, int accumulate) {
  for (int64_t row = 0; row < M; row++, y += y_stride)
    for (int64_t c = 0; c < columns; c++) y[c] = accumulate ? y[c] + bias[c] : bias[c];
}

void dk_product(dk_direction_t direction, const dk_segment_t *segments, int64_t segment_count, int64_t M,
                const float *bias, float *y, int64_t y_stride, int accumulate, int64_t first_output,
                int64_t last_output, void *scratch) {
  const dk_product_set_t *set = product_set();
  for (int64_t first = first_output; first < last_output && M > 0; first += PANELS * PANEL) {
    const int64_t columns = smaller(last_output - first, PANELS * PANEL);
    int started = accumulate;
    if (bias) add_bias(bias + first, M, columns, y + first, y_stride, accumulate), started = 1;
    for (int64_t segment = 0, k = 0; segment < segment_count;) {
      const step_t step = next_step(direction, segments, segment_count, &segment, &k);
      const int64_t panel_stride = build_panels(set, direction, &step, first, columns, scratch);
      run_step(set, &step, M, columns, panel_stride, y + first, y_stride, started, scratch);
      started = 1;
    }
  }
}
