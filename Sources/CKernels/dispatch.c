// Which instruction set the kernels use.
#include "isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

dk_isa_t dk_isa_best(void) {
#if defined(__x86_64__)
  // These ask the operating system (xgetbv) too, whether it saves the wide registers.
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c"))
    return DK_ISA_GENERIC;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return DK_ISA_AVX512;
  return DK_ISA_AVX2;
#else
  return DK_ISA_GENERIC;
#endif
}

// The wish in DISCERN_ISA, or the best set where there is none or the machine lacks it.
static dk_isa_t wished(void) {
  static const char *const names[] = {"generic", "avx2", "avx512"};
  const dk_isa_t best = dk_isa_best();
  const char *wish = getenv("DISCERN_ISA");
  for (int isa = 0; wish && isa <= (int)best; isa++)
    if (strcmp(wish, names[isa]) == 0) return (dk_isa_t)isa;
  return best;
}

static atomic_int chosen = -1;
static _Thread_local int forced = -1;

dk_isa_t dk_isa(void) {
  if (forced >= 0) return (dk_isa_t)forced;
  int isa = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (isa >= 0) return (dk_isa_t)isa;
  // Threads that come here together find the same answer.
  isa = (int)wished();
  atomic_store(&chosen, isa);
  return (dk_isa_t)isa;
}

int dk_isa_force(dk_isa_t isa) {
  if (isa < DK_ISA_GENERIC || isa > dk_isa_best()) return 0;
  forced = (int)isa;
  return 1;
}

void dk_isa_release(void) { forced = -1; }
