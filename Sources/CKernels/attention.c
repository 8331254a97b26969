// Attention over packed sequences. Interface in kernels.h, arithmetic in attention.inc.
#include "isa.h"

#include <math.h>

// The largest that an instruction set asks for: scratch has one size for all.
enum { LARGEST_PANEL = 32, LARGEST_ROWS = 8, LARGEST_BLOCK = 32, LARGEST_VECTOR = 16 };

typedef struct {
  int64_t from, to;
} range_t;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most_of(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Floats from one row of scores to the next: whole panels, and one vector more so that the rows of a long
// sequence do not fall onto the same lines of the cache.
static int64_t score_stride(int64_t T) { return round_up(T, LARGEST_PANEL) + LARGEST_VECTOR; }

// The keys that some query of first ..< last sees.
static range_t seen_by(const dk_attention_t *attention, int64_t first, int64_t last, int64_t T) {
  if (!attention->causal) return (range_t){0, T};
  return (range_t){attention->window ? most_of(0, first - attention->window + 1) : 0, last};
}

// The queries of from ..< to that see some key of first ..< last.
static range_t seeing(const dk_attention_t *attention, int64_t first, int64_t last, int64_t from, int64_t to) {
  if (!attention->causal) return (range_t){from, to};
  return (range_t){most_of(from, first), attention->window ? least(to, last + attention->window - 1) : to};
}

// The gradient's scratch for one sequence and one key/value head.
typedef struct {
  int64_t padded, stride;              // floats from row to row: of a head, of scores
  float *key_panels, *value_panels;    // (panels, head_size, panel)
  float *keys, *d_keys, *d_values;     // (T, padded)
  float *queries, *d_out;              // (block, padded); queries are times scale
  float *scores, *d_scores;            // (block, stride): P and dS
  float *out;                          // (LARGEST_ROWS, padded)
} backward_t;

static backward_t lay_out(float *scratch, int64_t T, int64_t size, int64_t lanes, int64_t panel, int64_t block) {
  backward_t in = {.padded = round_up(size, lanes), .stride = score_stride(T)};
  in.key_panels = scratch;
  in.value_panels = in.key_panels + round_up(T, panel) * size;
  in.keys = in.value_panels + round_up(T, panel) * size;
  in.d_keys = in.keys + T * in.padded;
  in.d_values = in.d_keys + T * in.padded;
  in.queries = in.d_values + T * in.padded;
  in.d_out = in.queries + block * in.padded;
  in.scores = in.d_out + block * in.padded;
  in.d_scores = in.scores + block * in.stride;
  in.out = in.d_scores + block * in.stride;
  return in;
}

#define DK_TEMPLATE "attention.inc"
#include "isa_variants.h"

size_t dk_attention_scratch(const dk_attention_t *attention, int64_t longest) {
  const int64_t size = attention->head_size, padded = round_up(size, LARGEST_VECTOR);
  const int64_t panels = 2 * round_up(longest, LARGEST_PANEL) * size, rows = 3 * longest * padded;
  const int64_t block = 2 * LARGEST_BLOCK * (padded + score_stride(longest)) + LARGEST_ROWS * padded;
  return (size_t)(panels + rows + block) * sizeof(float);
}

void dk_attention_part(const dk_attention_t *attention, int64_t sequence, int64_t key_value_head, const float *q,
                       const float *k, const float *v, float *y, float *logsum, void *scratch) {
  DK_DISPATCH(attention_part, attention, sequence, key_value_head, q, k, v, y, logsum, scratch);
}

void dk_attention(const dk_attention_t *attention, const float *q, const float *k, const float *v, float *y,
                  float *logsum, void *scratch) {
  for (int64_t sequence = 0; sequence < attention->sequence_count; sequence++)
    for (int64_t head = 0; head < attention->key_value_heads; head++)
      dk_attention_part(attention, sequence, head, q, k, v, y, logsum, scratch);
}

void dk_attention_backward_part(const dk_attention_t *attention, int64_t sequence, int64_t key_value_head,
                                const float *q, const float *k, const float *v, const float *y, const float *logsum,
                                const float *dy, float *dq, float *dk, float *dv, void *scratch) {
  DK_DISPATCH(attention_backward_part, attention, sequence, key_value_head, q, k, v, y, logsum, dy, dq, dk, dv,
              scratch);
}

void dk_attention_backward(const dk_attention_t *attention, const float *q, const float *k, const float *v,
                           const float *y, const float *logsum, const float *dy, float *dq, float *dk, float *dv,
                           void *scratch) {
  for (int64_t sequence = 0; sequence < attention->sequence_count; sequence++)
    for (int64_t head = 0; head < attention->key_value_heads; head++)
      dk_attention_backward_part(attention, sequence, head, q, k, v, y, logsum, dy, dq, dk, dv, scratch);
}
