// Arithmetic on buffers: no allocation, no policy, no I/O. Swift decides what runs; these functions run it.
//
// Conventions
//   * Activations are float32, row-major; M (or `rows`) counts the rows of the packed batch. A stride counts floats.
//   * Weights are frozen, out × in, row-major, in the format of their file; they are decoded on the way into a panel.
//   * No function keeps state. All are safe to call from several threads on disjoint outputs.
//   * The value of an output row depends on its input row alone, never on how many other rows there are or where it
//     stands among them: the same text gives the same bits alone or in any batch.
//   * `dk_` functions dispatch at run time (see dk_isa) to AVX-512, AVX2+FMA or portable code of the same source.
#ifndef DISCERN_KERNELS_H
#define DISCERN_KERNELS_H
#include <stdint.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- instruction sets -------------------------------------------------------------------------------------------

typedef enum { DK_ISA_GENERIC = 0, DK_ISA_AVX2 = 1, DK_ISA_AVX512 = 2 } dk_isa_t;
// The set in use: the best that CPU and operating system offer, or what DISCERN_ISA=generic|avx2|avx512 asks for
// where the machine has it. Fixed at first use.
dk_isa_t dk_isa(void);
// The best set that this machine has.
dk_isa_t dk_isa_best(void);
// Forces a set on the calling thread until it is released (for tests); returns 0 where the machine lacks it.
int dk_isa_force(dk_isa_t isa);
void dk_isa_release(void);

// ---- weight formats (quantized.c) -------------------------------------------------------------------------------

typedef enum {
  DK_F32 = 0, DK_F16 = 1, DK_BF16 = 2,
  DK_Q4_0 = 3, DK_Q4_1 = 4, DK_Q5_0 = 5, DK_Q5_1 = 6, DK_Q8_0 = 7,
  DK_Q2_K = 8, DK_Q3_K = 9, DK_Q4_K = 10, DK_Q5_K = 11, DK_Q6_K = 12,
} dk_format_t;

// Values in a block (1 for f32, f16, bf16; 32 or 256 otherwise) and bytes of a block.
int64_t dk_block_values(dk_format_t format);
int64_t dk_block_bytes(dk_format_t format);

typedef struct {
  const void *data;    // rows × row_bytes, may be a mapped file; need not be aligned
  int64_t rows;        // out
  int64_t columns;     // in; a multiple of dk_block_values(format)
  int64_t row_bytes;   // columns / block_values * block_bytes for contiguous rows
  dk_format_t format;
} dk_weight_t;

// out[count] = values first … first+count-1 of one row. Any first and count inside the row. Every instruction set
// decodes to the same bits.
void dk_decode(const dk_weight_t *weight, int64_t row, int64_t first, int64_t count, float *out);

// ---- products (product.c) ---------------------------------------------------------------------------------------

typedef enum {
  DK_FORWARD = 0,   // y (M, weight.rows)    += x (M, weight.columns) · Wᵀ
  DK_BACKWARD = 1,  // y (M, weight.columns) += x (M, weight.rows) · W
} dk_direction_t;

// One summand of a product; all segments of a call have the same number of outputs.
typedef struct {
  dk_weight_t weight;
  const float *x;
  int64_t x_stride;
  float scale;       // multiplies the weight
} dk_segment_t;

// Bytes of scratch that dk_product and dk_outer need, for any shape. 64-byte aligned; one for each thread.
size_t dk_product_scratch(void);

// y (M, outputs) = [y if accumulate] + bias (outputs, or NULL) + sum over segments of scale · x · op(W).
// The reduction over all segments is one pass: low-rank pairs ride along with their frozen product.
// Only outputs first_output ..< last_output are written (multiples of dk_product_panel() or the end):
// a caller may spread them over threads; the bits do not depend on the split.
// y may not overlap x. In a DK_BACKWARD product, a quantized weight's blocks lie along the outputs: cuts at multiples of
// dk_product_panel() are right for every format, though finer than the 256-value blocks.
void dk_product(dk_direction_t direction, const dk_segment_t *segments, int64_t segment_count, int64_t M,
                const float *bias, float *y, int64_t y_stride, int accumulate,
                int64_t first_output, int64_t last_output, void *scratch);
int64_t dk_product_panel(void);

// g (a_columns, b_columns) += scale · aᵀ (M, a_columns)ᵀ · b (M, b_columns). Gradient of a small dense weight;
// one of the two widths is usually a rank (1 … 64). The rows are summed in their order, in runs of fixed length.
void dk_outer(const float *a, int64_t a_stride, int64_t a_columns, const float *b, int64_t b_stride,
              int64_t b_columns, int64_t M, float scale, float *g, int64_t g_stride, void *scratch);

// ---- rows (rows.c) ----------------------------------------------------------------------------------------------

// y (M, width) = decoded rows ids[0 … M-1] of the embedding table; ids must be in range (the caller checks).
void dk_embed(const dk_weight_t *table, const int32_t *ids, int64_t M, float *y);
// y (count) += x
void dk_add(float *y, const float *x, int64_t count);
// sums (columns) += column sums of x (M, columns): gradient of a bias
void dk_column_sums(const float *x, int64_t M, int64_t columns, float *sums);
// y (count, width) = rows[i] of x; and its transpose: dx (M, width) row rows[i] += dy row i
void dk_gather(const float *x, int64_t width, const int32_t *rows, int64_t count, float *y);
void dk_scatter_add(const float *dy, int64_t width, const int32_t *rows, int64_t count, float *dx);

// RMSNorm of M rows of `width`: inverse (M) = 1 / sqrt(mean(x²) + epsilon); y = x · inverse · weight.
void dk_rms_norm(const float *x, const float *weight, int64_t M, int64_t width, float epsilon, float *y, float *inverse);
// dx = gradient of the above (weight is frozen). dx may be dy itself.
void dk_rms_norm_backward(const float *dy, const float *x, const float *weight, const float *inverse, int64_t M,
                          int64_t width, float *dx);

// y = silu(gate) · up, elementwise over count. Backward: dgate, dup from dy; may overwrite dy's buffer as either.
void dk_gated(const float *gate, const float *up, int64_t count, float *y);
void dk_gated_backward(const float *gate, const float *up, const float *dy, int64_t count, float *dgate, float *dup);

// Rotary positions on M rows of `heads` heads of `head_size` (halves rotated: HF layout: pairs (i, i + head_size/2)).
// cosine, sine: (positions, head_size / 2) tables. inverse != 0 rotates back (the gradient). y may be x.
void dk_rope(const float *x, int64_t M, int64_t heads, int64_t head_size, const int32_t *positions,
             const float *cosine, const float *sine, int inverse, float *y);

// Dropout's mask: a bit for each of M × width values, the lowest first, rows of dk_dropout_words(width) words; set: the
// value stays. Row i is row first_row + i of the whole batch; the mask depends on (seed, step, site, row, column) only,
// by Philox 4×32-10, so that it does not depend on how rows are cut into chunks. Value (row, column) stays where 16 bits
// of the counter (row, 16 · (column / 128) + column % 16, site, step) are at least round(65536 p): those numbered
// column % 128 / 16 of the counter's eight, which are the low and high halves of its four words.
int64_t dk_dropout_words(int64_t width);
void dk_dropout_mask(int64_t M, int64_t width, float p, uint64_t seed, uint32_t step, uint32_t site,
                     uint32_t first_row, uint32_t *mask);
// Inverted dropout: y = [y if accumulate] + (stays ? x / (1 - p) : 0). y may be x. Its own gradient: apply it to dy.
void dk_dropout(const float *x, const uint32_t *mask, int64_t M, int64_t width, float p, float *y, int accumulate);
// The generator behind it, one counter at a time: what its published test vectors are checked against.
void dk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

// ---- attention (attention.c) ------------------------------------------------------------------------------------

typedef struct {
  int64_t heads, key_value_heads, head_size;
  float scale;                 // 1 / sqrt(head_size)
  int causal;                  // 0: every token of a sequence sees every other
  int64_t window;              // causal only: token i sees j > i - window; 0: no limit
  const int32_t *starts;       // sequence_count + 1 row offsets; sequences lie end to end
  int64_t sequence_count;
} dk_attention_t;

// Bytes of scratch for both directions; longest = length of the longest sequence. Linear in `longest`: no T × T matrix.
// A sequence's results are those that it has alone, bit for bit; under a causal mask y and logsum of a token do not
// depend on later tokens either (as long as these are finite: a hidden value counts 0 times, and 0 · NaN is NaN).
size_t dk_attention_scratch(const dk_attention_t *attention, int64_t longest);

// q (N, heads·head_size), k, v (N, key_value_heads·head_size) → y like q; logsum (N, heads) = log Σ exp of each row.
void dk_attention(const dk_attention_t *attention, const float *q, const float *k, const float *v, float *y,
                  float *logsum, void *scratch);
// dq, dk, dv are written (not added to).
void dk_attention_backward(const dk_attention_t *attention, const float *q, const float *k, const float *v,
                           const float *y, const float *logsum, const float *dy, float *dq, float *dk, float *dv,
                           void *scratch);
// The same for one sequence and one key/value head with the query heads that share it: parts that may run side by side,
// each with scratch of its own, and give the same bits.
void dk_attention_part(const dk_attention_t *attention, int64_t sequence, int64_t key_value_head, const float *q,
                       const float *k, const float *v, float *y, float *logsum, void *scratch);
void dk_attention_backward_part(const dk_attention_t *attention, int64_t sequence, int64_t key_value_head,
                                const float *q, const float *k, const float *v, const float *y, const float *logsum,
                                const float *dy, float *dq, float *dk, float *dv, void *scratch);

// ---- pooling, loss, optimiser (loss_adamw.c) ----------------------------------------------------------------------

typedef enum { DK_POOL_LAST = 0, DK_POOL_FIRST = 1, DK_POOL_MEAN = 2, DK_POOL_MAX = 3 } dk_pooling_t;
// y (sequence_count, width), 0 for a sequence without rows; for MAX, argmax (sequence_count, width) holds the row that
// won (the first of equals).
void dk_pool(dk_pooling_t kind, const float *x, int64_t width, const int32_t *starts, int64_t sequence_count, float *y,
             int32_t *argmax);
// dx (N, width) is written.
void dk_pool_backward(dk_pooling_t kind, const float *dy, int64_t width, const int32_t *starts, int64_t sequence_count,
                      const int32_t *argmax, float *dx);

// Softmax cross-entropy over rows whose label is ≥ 0 (others: no loss, zero gradient). Returns Σ loss · weight (double,
// rows in order); dlogits = weight · (softmax − one-hot), may be logits itself or NULL.
double dk_cross_entropy(const float *logits, const int32_t *labels, int64_t M, int64_t classes, float weight,
                        float *dlogits);

// What bends a loss (losses.c): a weight for each class or NULL, the share of the target that all classes have alike,
// and the exponent of the focus on what is still wrong. Smoothing and focus exclude each other.
typedef struct {
  const float *class_weights;
  float smoothing;
  float gamma;
} dk_loss_shape_t;
// Like dk_cross_entropy, weighted by the label's class, smoothed, or focal: −w·(1−p)^γ·log p. dlogits is written.
double dk_shaped_cross_entropy(const float *logits, const int32_t *labels, int64_t M, int64_t classes,
                               const dk_loss_shape_t *shape, float weight, float *dlogits);
// Σ weight · binary cross-entropy of each logit; targets (M, classes) are 0 … 1, class weights are for targets of 1.
double dk_binary_cross_entropy(const float *logits, const float *targets, int64_t M, int64_t classes,
                               const dk_loss_shape_t *shape, float weight, float *dlogits);
// Σ weight · (y − target)²; dy is written.
double dk_squared_error(const float *y, const float *targets, int64_t count, float weight, float *dy);

// −log p of the labels' path in a linear-chain conditional random field, Σ weight over chains. Chains lie one after another
// at starts (chain_count + 1); logits (N, K), labels (N), transitions (K + 2, K): the score of a tag after each other tag,
// after the start (row K), and before the end (row K + 1). A chain with a label below 0 costs nothing. dlogits is written,
// dtransitions is added to; scratch has dk_chain_scratch(length of the longest chain, K) bytes.
int64_t dk_chain_scratch(int64_t longest, int64_t K);
double dk_chain_loss(const float *logits, const int32_t *labels, const int32_t *starts, int64_t chain_count, int64_t K,
                     const float *transitions, float weight, float *dlogits, float *dtransitions, void *scratch);

// Σ x² in double, in a fixed order.
double dk_sum_squares(const float *x, int64_t count);
// Decoupled AdamW on one tensor. gradient is multiplied by gradient_scale (clipping) first; step counts from 1.
//   p -= rate · weight_decay · p; m, v = moments; p -= rate / (1-β1^step) · m / (sqrt(v / (1-β2^step)) + epsilon)
void dk_adamw(float *parameter, const float *gradient, float *m, float *v, int64_t count, float gradient_scale,
              float rate, float beta1, float beta2, float epsilon, float weight_decay, int64_t step);

// ---- linear fits (solve.c) ------------------------------------------------------------------------------------------

// a (n, n) symmetric positive definite → its inverse, in double; only the lower half of a is read. scratch: n · n values.
// Returns 0, or 1 where a is not positive definite (then a holds nothing).
int dk_invert(double *a, int64_t n, double *scratch);

// ---- measuring (peak.c) ---------------------------------------------------------------------------------------------

// What the other kernels can at most reach on this machine: to be measured in the same run as they are.
// Runs independent multiply-adds in registers, `rounds` times twelve vectors of the set in use, and returns the number
// of floating-point operations. *sink (0 … 1) goes in and is written, so that nothing is left out.
int64_t dk_peak_multiply_adds(int64_t rounds, float *sink);
// Reads x (count) once, front to back, and returns the sum.
float dk_peak_read(const float *x, int64_t count);

// ---- threads (threads.c) ------------------------------------------------------------------------------------------

// Runs work(context, index, worker) for index 0 ..< count on up to `threads` threads (the caller is one of them);
// indices are claimed one by one, so a slow core takes fewer. worker is 0 ..< threads. Returns when all are done.
// Workers spin briefly, then sleep. One caller at a time: a second one waits its turn. Threads that find no index left
// help the others: a call from inside is shared with those that are idle (dk_team), and one from inside that runs alone.
typedef void (*dk_work_t)(void *context, int64_t index, int64_t worker);
void dk_parallel(int64_t count, int64_t threads, dk_work_t work, void *context);
// How many threads a call of dk_parallel would have here, inside another: this one and those that are idle; 1 elsewhere.
// The kernels above ignore it; who calls them may cut one call into several.
int64_t dk_team(void);

// Marks a word of a block of memory when the block is handed on, and when it is received, on whatever threads. A lock of
// Swift's orders the two already, but ThreadSanitizer does not see it and would take each reuse of a block for a race.
void dk_hand_on(void *word);
void dk_receive(void *word);

#ifdef __cplusplus
}
#endif
#endif
