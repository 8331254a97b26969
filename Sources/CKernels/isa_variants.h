// Includes DK_TEMPLATE once for each instruction set. See isa.h. No include guard: a file may have several templates.
//
// Inside the template: DK_LANES (4, 8, 16), DK_SUFFIX (_generic, _avx2, _avx512), DK_FUSED (1 where DK_FMA is one
// instruction with one rounding).

#define DK_SUFFIX _generic
#define DK_LANES 4
#if defined(__aarch64__)
#define DK_FUSED 1
#else
#define DK_FUSED 0
#endif
#include DK_TEMPLATE
#undef DK_SUFFIX
#undef DK_LANES
#undef DK_FUSED

#if defined(__x86_64__)

#define DK_FUSED 1

#define DK_SUFFIX _avx2
#define DK_LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include DK_TEMPLATE
#pragma clang attribute pop
#undef DK_SUFFIX
#undef DK_LANES

#define DK_SUFFIX _avx512
#define DK_LANES 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), \
                             apply_to = function)
#include DK_TEMPLATE
#pragma clang attribute pop
#undef DK_SUFFIX
#undef DK_LANES

#undef DK_FUSED
#endif

#undef DK_TEMPLATE
