// What the machine can do at most: multiply-adds without memory, and memory without arithmetic worth naming.
#include "isa.h"

#define DK_TEMPLATE "peak.inc"
#include "isa_variants.h"

int64_t dk_peak_multiply_adds(int64_t rounds, float *sink) { return DK_DISPATCH(multiply_adds, rounds, sink); }

float dk_peak_read(const float *x, int64_t count) { return DK_DISPATCH(read_all, x, count); }
