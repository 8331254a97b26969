// The inverse of a symmetric positive definite matrix: what a linear fit in closed form needs. Interface in kernels.h.
#include <math.h>
#include <string.h>

#include "isa.h"

#define DK_TEMPLATE "solve.inc"
#include "isa_variants.h"

int dk_invert(double *a, int64_t n, double *scratch) { return DK_DISPATCH(invert, a, n, scratch); }
