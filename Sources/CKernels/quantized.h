// Decoding of whole groups of 32 weights, for the panels of product.c.
#ifndef DISCERN_QUANTIZED_H
#define DISCERN_QUANTIZED_H
#include "kernels.h"

// Decodes groups × 32 values of a row, from value 32 · first_group on; group g goes to out + g · stride.
typedef void (*dk_decode_groups_t)(const uint8_t *row, int64_t first_group, int64_t groups, float *out,
                                   int64_t stride);

// The decoder of a format for the instruction set in use.
dk_decode_groups_t dk_group_decoder(dk_format_t format);

#endif
