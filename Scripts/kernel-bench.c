// Speed of the products, in percent of what a loop of bare multiply-adds reaches on the same core in the same run.
//
//   clang -std=gnu11 -O3 -ISources/CKernels/include Scripts/kernel-bench.c Sources/CKernels/*.c -lm -lpthread \
//     -o .build/kernel-bench
//   .build/kernel-bench            all shapes, or
//   .build/kernel-bench 256 100    these numbers of rows; DISCERN_ISA=avx2 chooses the instruction set.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- the limit ------------------------------------------------------------------------------------------------------

static double peak_flops(void) {
  static float sink = 0.5f;
  const double start = seconds();
  return (double)dk_peak_multiply_adds(4000, &sink) / (seconds() - start);
}

// ---- products -------------------------------------------------------------------------------------------------------

static void *aligned(size_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, 64, bytes + 64) != 0) abort();
  return p;
}

static float uniform(void) { return (float)rand() / (float)RAND_MAX - 0.5f; }

static float *random_floats(int64_t count) {
  float *x = aligned((size_t)count * sizeof(float));
  for (int64_t i = 0; i < count; i++) x[i] = uniform();
  return x;
}

// Random bytes are good blocks once no half in them is infinite: the top bit of every exponent is cleared.
static void fill(uint8_t *data, dk_format_t format, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i++) data[i] = (uint8_t)rand() & 0xbf;
  for (int64_t i = 0; format == DK_F32 && i < bytes / 4; i++) ((float *)(void *)data)[i] = uniform();
  for (int64_t i = 0; format == DK_BF16 && i < bytes / 2; i++) {
    const float value = uniform();
    memcpy(data + 2 * i, (const uint8_t *)&value + 2, 2);
  }
}

// `copies` equal weights, one after the other.
static dk_weight_t random_weight(dk_format_t format, int64_t rows, int64_t columns, int64_t copies) {
  const int64_t row_bytes = columns / dk_block_values(format) * dk_block_bytes(format), bytes = rows * row_bytes;
  uint8_t *data = aligned((size_t)(copies * bytes));
  fill(data, format, bytes);
  for (int64_t i = 1; i < copies; i++) memcpy(data + i * bytes, data, (size_t)bytes);
  return (dk_weight_t){data, rows, columns, row_bytes, format};
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

enum { COPIES = 40, REPEATS = 150 };

// Percent of the limit. Product and limit take turns; the best decile of their ratios counts, because neighbours that
// take the core away in the middle of a product tell nothing about it. Every product has another copy of the weight:
// a model's layers come from memory, not from the cache.
static double measure(dk_direction_t direction, dk_segment_t *segments, int64_t count, int64_t M, int64_t outputs,
                      float *y, void *scratch) {
  dk_weight_t *weight = &segments[0].weight;
  const uint8_t *first = weight->data;
  double flops = 0, ratios[REPEATS];
  for (int64_t s = 0; s < count; s++)
    flops += 2.0 * (double)M * (double)segments[s].weight.rows * (double)segments[s].weight.columns;
  for (int i = 0; i < REPEATS; i++) {
    weight->data = first + i % COPIES * weight->rows * weight->row_bytes;
    const double before = peak_flops(), start = seconds();
    dk_product(direction, segments, count, M, NULL, y, outputs, 0, 0, outputs, scratch);
    const double speed = flops / (seconds() - start);
    ratios[i] = 100 * speed / fmax(before, peak_flops());
  }
  weight->data = first;
  qsort(ratios, REPEATS, sizeof ratios[0], ascending);
  return ratios[REPEATS * 9 / 10];
}

static void bench_shape(int64_t out, int64_t in, int64_t M, int64_t rank) {
  static const dk_format_t formats[] = {DK_F32, DK_BF16, DK_F16, DK_Q4_1, DK_Q8_0, DK_Q4_K, DK_Q6_K};
  static const char *const names[] = {"f32", "bf16", "f16", "q4_1", "q8_0", "q4_k", "q6_k"};
  void *scratch = aligned(dk_product_scratch());
  for (int direction = 0; direction < 2; direction++) {
    const int64_t outputs = direction == DK_FORWARD ? out : in, inputs = direction == DK_FORWARD ? in : out;
    float *x = random_floats(M * inputs), *h = random_floats(M * 64), *y = random_floats(M * outputs);
    printf("%4lld x %4lld %s M %4lld rank %2lld:", (long long)out, (long long)in,
           direction == DK_FORWARD ? "forward " : "backward", (long long)M, (long long)rank);
    for (int f = 0; f < 7; f++) {
      if (in % dk_block_values(formats[f]) != 0) continue;
      const dk_weight_t low = direction == DK_FORWARD ? random_weight(DK_F32, out, rank ? rank : 1, 1)
                                                      : random_weight(DK_F32, rank ? rank : 1, in, 1);
      dk_segment_t segments[] = {{random_weight(formats[f], out, in, COPIES), x, inputs, 1}, {low, h, rank, 2}};
      printf("  %s %5.1f%%", names[f],
             measure((dk_direction_t)direction, segments, rank ? 2 : 1, M, outputs, y, scratch));
      fflush(stdout);
      free((void *)segments[0].weight.data), free((void *)low.data);
    }
    printf("\n");
    free(x), free(h), free(y);
  }
  free(scratch);
}

// Gradient of a low-rank pair: g (rank, wide) and g (wide, rank).
static void bench_outer(int64_t wide, int64_t rank, int64_t M) {
  float *a = random_floats(M * wide), *b = random_floats(M * rank), *g = random_floats(wide * rank);
  void *scratch = aligned(dk_product_scratch());
  for (int turned = 0; turned < 2; turned++) {
    double ratios[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
      const double before = peak_flops(), start = seconds();
      if (turned) dk_outer(b, rank, rank, a, wide, wide, M, 2, g, wide, scratch);
      else dk_outer(a, wide, wide, b, rank, rank, M, 2, g, rank, scratch);
      const double speed = 2.0 * (double)(M * wide * rank) / (seconds() - start);
      ratios[i] = 100 * speed / fmax(before, peak_flops());
    }
    qsort(ratios, REPEATS, sizeof ratios[0], ascending);
    printf("outer %lld x %lld M %lld: %.1f%%\n", (long long)(turned ? rank : wide), (long long)(turned ? wide : rank),
           (long long)M, ratios[REPEATS * 9 / 10]);
  }
  free(a), free(b), free(g), free(scratch);
}

int main(int argc, char **argv) {
  static const int64_t shapes[][2] = {{576, 576}, {1536, 576}, {576, 1536}};
  printf("instruction set %d, peak %.1f GFLOP/s\n", (int)dk_isa(), 1e-9 * fmax(peak_flops(), peak_flops()));
  for (int i = 1; i < (argc > 1 ? argc : 3); i++) {
    const int64_t M = argc > 1 ? atoll(argv[i]) : i == 1 ? 256 : 100;
    for (int s = 0; s < 3; s++) bench_shape(shapes[s][0], shapes[s][1], M, 0);
    bench_shape(576, 576, M, 16);
    bench_outer(576, 12, M), bench_outer(1536, 32, M);
  }
  return 0;
}
