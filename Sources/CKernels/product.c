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

// What is still to be reduced: `count` segments, without the first `done` of the first one.
typedef struct {
  const dk_segment_t *segments;
  int64_t count, done;
} cursor_t;

// Takes the next step off; 0 at the end. A segment is cut into equal runs of at most DEPTH; small segments ride on the
// last run of the one before.
static int take_step(dk_direction_t direction, cursor_t *cursor, step_t *step) {
  if (cursor->count == 0) return 0;
  step->piece_count = 0, step->k = 0;
  const int64_t all = depth(direction, cursor->segments);
  const int64_t runs = (all + DEPTH - 1) / DEPTH, run = ((all + runs - 1) / runs + 31) / 32 * 32;
  const int64_t count = smaller(run, all - cursor->done);
  add_piece(step, cursor->segments, cursor->done, count);
  cursor->done += count;
  if (cursor->done < all) return 1;
  cursor->done = 0;
  for (cursor->segments++, cursor->count--; cursor->count > 0; cursor->segments++, cursor->count--) {
    const int64_t small = depth(direction, cursor->segments);
    if (small > RIDERS || step->k + small > STEP || step->piece_count == MAX_PIECES) break;
    add_piece(step, cursor->segments, 0, small);
  }
  return 1;
}

// ---- weights to come ----------------------------------------------------------------------------------------------

// The first piece of a step; the small segments that ride on it are in the cache already.
static upcoming_t upcoming(dk_direction_t direction, const step_t *step, int64_t first, int64_t columns) {
  const piece_t *piece = &step->pieces[0];
  const dk_weight_t *weight = &piece->segment->weight;
  const int64_t values = dk_block_values(weight->format), bytes = dk_block_bytes(weight->format);
  const int forward = direction == DK_FORWARD;
  const int64_t row = forward ? first : piece->first, column = forward ? piece->first : first;
  const int64_t width = smaller(forward ? piece->count : columns, weight->columns - column);
  return (upcoming_t){
      .row = (const uint8_t *)weight->data + row * weight->row_bytes + column / values * bytes,
      .rows = smaller(forward ? columns : piece->count, weight->rows - row),
      .row_bytes = weight->row_bytes,
      .width = (width + values - 1) / values * bytes,
  };
}

// How many of the lines to ask for with every 16 rows that are built: with few rows of x the tiles are too few to ask
// for all of them, and building is bound by the memory.
static int64_t lines_while_building(const upcoming_t *next, int64_t M, int64_t rows) {
  if (M > 3 * MAX_TILE_ROWS) return 0;
  return next->rows * ((next->width + 63) / 64) * 16 / rows + 1;
}

static void ask_for_lines(upcoming_t *next, int64_t lines) {
  for (; lines > 0; lines--) ask_for_line(next);
}

// ---- panels -------------------------------------------------------------------------------------------------------

// count values of a row from `first` on; whole groups of 32, and plain floats, without detour.
static void decode_run(const dk_weight_t *weight, dk_decode_groups_t decode, int64_t row, int64_t first, int64_t count,
                       float *out) {
  if (weight->format == DK_F32)
    memcpy(out, (const uint8_t *)weight->data + row * weight->row_bytes + first * (int64_t)sizeof(float),
           (size_t)count * sizeof(float));
  else if (first % 32 == 0 && count % 32 == 0)
    decode((const uint8_t *)weight->data + row * weight->row_bytes, first / 32, count / 32, out, 32);
  else
    dk_decode(weight, row, first, count, out);
}

// 16 columns of a panel: rows `first_row` … of the weight, of which there may be fewer than 16.
static void build_forward(const dk_product_set_t *set, const piece_t *piece, int64_t first_row, float *to,
                          scratch_t *scratch) {
  const dk_weight_t *weight = &piece->segment->weight;
  const int64_t rows = smaller(weight->rows - first_row, 16);
  if (weight->format == DK_F32 && rows == 16 && piece->count % 4 == 0) {
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
static void build_backward(const piece_t *piece, int64_t first, int64_t columns, float *to, int64_t panel_stride,
                           upcoming_t *next, int64_t lines) {
  const dk_weight_t *weight = &piece->segment->weight;
  const dk_decode_groups_t decode = dk_group_decoder(weight->format);
  const int64_t whole = columns / PANEL, rest = columns % PANEL;
  for (int64_t k = 0; k < piece->count; k++, to += PANEL) {
    const int64_t row = piece->first + k;
    if (k % 16 == 0) ask_for_lines(next, lines);
    decode((const uint8_t *)weight->data + row * weight->row_bytes, first / PANEL, whole, to, panel_stride);
    if (rest == 0) continue;
    float *last = to + whole * panel_stride;
    decode_run(weight, decode, row, first + whole * PANEL, rest, last);
    memset(last + rest, 0, (size_t)(PANEL - rest) * sizeof(float));
  }
}

// Panels of outputs first … first + columns - 1 for one step. Returns the distance of two panels.
static int64_t build_panels(const dk_product_set_t *set, dk_direction_t direction, const step_t *step, int64_t first,
                            int64_t columns, int64_t M, upcoming_t *next, scratch_t *scratch) {
  const int64_t lines = lines_while_building(next, M, direction == DK_FORWARD ? columns : step->pieces[0].count);
  const int64_t panel_stride = (step->k + 16) * PANEL, panels = (columns + PANEL - 1) / PANEL;
  float *to = scratch->panels;
  for (int64_t p = 0; p < step->piece_count; p++) {
    const piece_t *piece = &step->pieces[p];
    if (direction == DK_BACKWARD) build_backward(piece, first, columns, to, panel_stride, next, lines);
    for (int64_t c = 0; direction == DK_FORWARD && c < columns; c += 16) {
      ask_for_lines(next, lines);
      build_forward(set, piece, first + c, to + c / PANEL * panel_stride + c % PANEL, scratch);
    }
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
                     int64_t y_stride, int accumulate, upcoming_t *next, scratch_t *scratch) {
  const int narrow = columns <= set->lanes;
  const dk_tile_t tile = (narrow ? set->narrow : set->wide)[rows];
  if (columns == (narrow ? set->lanes : set->tile_columns)) {
    tile(scratch->x, b, k, y, y_stride, accumulate, next);
    return;
  }
  tile(scratch->x, b, k, scratch->tile, PANEL, 0, next);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) {
      const float sum = scratch->tile[r * PANEL + c];
      y[r * y_stride + c] = accumulate ? y[r * y_stride + c] + sum : sum;
    }
}

// y (M, columns) = or += the step's product with the panels.
static void run_step(const dk_product_set_t *set, const step_t *step, int64_t M, int64_t columns, int64_t panel_stride,
                     float *y, int64_t y_stride, int accumulate, upcoming_t *next, scratch_t *scratch) {
  // Tiles of almost equal height: a last tile of one row would cost nearly as much as a full one.
  const int64_t tiles = (M + set->tile_rows - 1) / set->tile_rows;
  for (int64_t tile = 0, row = 0; tile < tiles; tile++) {
    const int64_t rows = (M - row) / (tiles - tile);
    copy_rows(step, row, rows, scratch->x);
    for (int64_t c = 0; c < columns; c += set->tile_columns)
      run_tile(set, rows, smaller(columns - c, set->tile_columns),
               scratch->panels + c / PANEL * panel_stride + c % PANEL, step->k, y + row * y_stride + c, y_stride,
               accumulate, next, scratch);
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
    const int64_t columns = smaller(last_output - first, PANELS * PANEL), after = first + columns;
    int started = accumulate;
    if (bias) add_bias(bias + first, M, columns, y + first, y_stride, accumulate), started = 1;
    cursor_t cursor = {segments, segment_count, 0};
    for (step_t step, next; take_step(direction, &cursor, &step);) {
      cursor_t ahead = cursor;
      upcoming_t lines = {.rows = 0};
      if (take_step(direction, &ahead, &next)) {
        lines = upcoming(direction, &next, first, columns);
      } else if (after < last_output) {
        ahead = (cursor_t){segments, segment_count, 0};
        take_step(direction, &ahead, &next);
        lines = upcoming(direction, &next, after, smaller(last_output - after, PANELS * PANEL));
      }
      const int64_t panel_stride = build_panels(set, direction, &step, first, columns, M, &lines, scratch);
      run_step(set, &step, M, columns, panel_stride, y + first, y_stride, started, &lines, scratch);
      started = 1;
    }
  }
}
