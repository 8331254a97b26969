// One source for three instruction sets.
//
// A kernel's template `name.inc` is written with clang's vector extensions over DK_LANES floats, and its functions are
// `static … DK_NAME(name)(…)`. The C file compiles it for every set that the processor family may have:
//
//   #define DK_TEMPLATE "name.inc"
//   #include "isa_variants.h"      // defines name_generic, and on x86-64 name_avx2 and name_avx512
//   void dk_name(…) { DK_DISPATCH(name, …); }
//
// Vectors are `ext_vector_type`: a scalar converts to all lanes (`DK_F v = 0`), `a < b` is a mask (0 or -1), and
// `mask ? a : b` selects by lane. Keep them local or in `static inline` functions of the template: as an argument of a
// function outside it, their calling convention would change with the set.
#ifndef DISCERN_ISA_H
#define DISCERN_ISA_H
#include "kernels.h"

#define DK_JOIN_(a, b) a##b
#define DK_JOIN(a, b) DK_JOIN_(a, b)

// Inside a template: this set's name of a function.
#define DK_NAME(name) DK_JOIN(name, DK_SUFFIX)

#define DK_INLINE static inline __attribute__((always_inline, unused))

typedef float dk_f4 __attribute__((ext_vector_type(4)));
typedef float dk_f8 __attribute__((ext_vector_type(8)));
typedef float dk_f16 __attribute__((ext_vector_type(16)));
typedef int32_t dk_i4 __attribute__((ext_vector_type(4)));
typedef int32_t dk_i8 __attribute__((ext_vector_type(8)));
typedef int32_t dk_i16 __attribute__((ext_vector_type(16)));
typedef uint32_t dk_u4 __attribute__((ext_vector_type(4)));
typedef uint32_t dk_u8 __attribute__((ext_vector_type(8)));
typedef uint32_t dk_u16 __attribute__((ext_vector_type(16)));

// The same floats at any address.
typedef float dk_unaligned_f4 __attribute__((ext_vector_type(4), aligned(1), may_alias));
typedef float dk_unaligned_f8 __attribute__((ext_vector_type(8), aligned(1), may_alias));
typedef float dk_unaligned_f16 __attribute__((ext_vector_type(16), aligned(1), may_alias));

// Inside a template: vectors of DK_LANES floats, signed and unsigned integers; loads and stores at any address.
#define DK_F DK_JOIN(dk_f, DK_LANES)
#define DK_I DK_JOIN(dk_i, DK_LANES)
#define DK_U DK_JOIN(dk_u, DK_LANES)
#define DK_LOAD(p) (*(const DK_JOIN(dk_unaligned_f, DK_LANES) *)(p))
#define DK_STORE(p, v) (*(DK_JOIN(dk_unaligned_f, DK_LANES) *)(p) = (v))

// a · b + c on vectors of DK_LANES floats: fused where the set has it (DK_FUSED). Plain x86-64 has not, and would call
// libm for every lane.
#define DK_FMA(a, b, c) DK_JOIN(DK_FMA_, DK_FUSED)(a, b, c)
#define DK_FMA_1(a, b, c) __builtin_elementwise_fma((DK_F)(a), (DK_F)(b), (DK_F)(c))
#define DK_FMA_0(a, b, c) ((DK_F)(a) * (DK_F)(b) + (DK_F)(c))

// Calls the variant of the set in use.
#if defined(__x86_64__)
#define DK_DISPATCH(name, ...)                                     \
  (dk_isa() == DK_ISA_AVX512 ? name##_avx512(__VA_ARGS__)          \
   : dk_isa() == DK_ISA_AVX2 ? name##_avx2(__VA_ARGS__)            \
                             : name##_generic(__VA_ARGS__))
#else
#define DK_DISPATCH(name, ...) name##_generic(__VA_ARGS__)
#endif

#endif
