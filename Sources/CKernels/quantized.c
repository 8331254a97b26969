// Weight formats: the plain floats, and the blocks of GGUF files.
#include "quantized.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "isa.h"

#pragma STDC FP_CONTRACT OFF

typedef uint8_t bytes16 __attribute__((ext_vector_type(16)));
typedef int8_t signed16 __attribute__((ext_vector_type(16)));
typedef uint16_t shorts8 __attribute__((ext_vector_type(8)));
typedef uint16_t shorts16 __attribute__((ext_vector_type(16)));
typedef _Float16 halves4 __attribute__((ext_vector_type(4)));
typedef _Float16 halves16 __attribute__((ext_vector_type(16)));

// Blocks lie at any address.
DK_INLINE bytes16 load16(const uint8_t *p) {
  bytes16 v;
  memcpy(&v, p, sizeof v);
  return v;
}

// Bits shift … of every byte, under `mask`. Shifted as 16-bit lanes, which processors can; what crosses over from the
// neighbour falls to the mask.
DK_INLINE bytes16 field(bytes16 bytes, int64_t shift, uint8_t mask) {
  return (bytes16)((shorts8)bytes >> (uint16_t)shift) & mask;
}

// `value` where bit i of the byte is set, else 0.
DK_INLINE bytes16 value_of_bit(bytes16 bytes, int64_t i, uint8_t value) {
  return (bytes16)((bytes & (uint8_t)(1 << i)) != 0) & value;
}

DK_INLINE float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Exact, subnormals and infinities too, on any processor: exponent and fraction move into place, then 2^112 corrects
// the bias (and normalises what was subnormal).
DK_INLINE float half_to_float(const uint8_t *p) {
  uint16_t half;
  memcpy(&half, p, sizeof half);
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = (uint32_t)(half & 0x7fff) << 13;
  const float magnitude = rest < 0x0f800000 ? as_float(rest) * 0x1p112f : as_float(rest | 0x7f800000);
  uint32_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  return as_float(bits | sign);
}

// Q4_K and Q5_K pack 8 scales and 8 minimums of 6 bits into 12 bytes: the first four of each in the low bits of bytes
// 0 … 3 and 4 … 7, whose top two bits complete the nibbles that bytes 8 … 11 hold for the last four.
DK_INLINE float six_bit_scale(const uint8_t *packed, int64_t i) {
  return (float)(i < 4 ? packed[i] & 63 : (packed[i + 4] & 15) | (packed[i - 4] >> 6) << 4);
}

DK_INLINE float six_bit_minimum(const uint8_t *packed, int64_t i) {
  return (float)(i < 4 ? packed[i + 4] & 63 : packed[i + 4] >> 4 | (packed[i] >> 6) << 4);
}

#define DK_TEMPLATE "quantized.inc"
#include "isa_variants.h"

static const struct {
  int16_t values, bytes;
} blocks[] = {
    [DK_F32] = {1, 4},     [DK_F16] = {1, 2},     [DK_BF16] = {1, 2},    [DK_Q4_0] = {32, 18},  [DK_Q4_1] = {32, 20},
    [DK_Q5_0] = {32, 22},  [DK_Q5_1] = {32, 24},  [DK_Q8_0] = {32, 34},  [DK_Q2_K] = {256, 84}, [DK_Q3_K] = {256, 110},
    [DK_Q4_K] = {256, 144}, [DK_Q5_K] = {256, 176}, [DK_Q6_K] = {256, 210},
};

int64_t dk_block_values(dk_format_t format) { return blocks[format].values; }
int64_t dk_block_bytes(dk_format_t format) { return blocks[format].bytes; }

dk_decode_groups_t dk_group_decoder(dk_format_t format) {
#if defined(__x86_64__)
  if (dk_isa() == DK_ISA_AVX512) return decoders_avx512[format];
  if (dk_isa() == DK_ISA_AVX2) return decoders_avx2[format];
#endif
  return decoders_generic[format];
}

// count values that are part of one group, or the end of a row of plain floats that no whole group fits.
static void decode_part(dk_decode_groups_t decode, const dk_weight_t *weight, const uint8_t *row, int64_t first,
                        int64_t count, float *out) {
  float group[32];
  if (blocks[weight->format].values > 1) {
    decode(row, first / 32, 1, group, 32);
    memcpy(out, group + first % 32, (size_t)count * sizeof(float));
  } else {
    const int64_t bytes = blocks[weight->format].bytes;
    uint8_t values[32 * sizeof(float)] = {0};
    memcpy(values, row + first * bytes, (size_t)(count * bytes));
    decode(values, 0, 1, group, 32);
    memcpy(out, group, (size_t)count * sizeof(float));
  }
}

void dk_decode(const dk_weight_t *weight, int64_t row, int64_t first, int64_t count, float *out) {
  const uint8_t *data = (const uint8_t *)weight->data + row * weight->row_bytes;
  const dk_decode_groups_t decode = dk_group_decoder(weight->format);
  const int64_t before = (32 - first % 32) % 32;
  if (before > 0 && count > 0) {
    const int64_t part = before < count ? before : count;
    decode_part(decode, weight, data, first, part, out);
    first += part, count -= part, out += part;
  }
  const int64_t groups = count / 32, rest = count % 32;
  decode(data, first / 32, groups, out, 32);
  if (rest > 0) decode_part(decode, weight, data, first + 32 * groups, rest, out + 32 * groups);
}
