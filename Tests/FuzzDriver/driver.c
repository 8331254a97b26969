#include "driver.h"

#include <sanitizer/allocator_interface.h>
#include <stdatomic.h>

// In libFuzzer's runtime library; no header declares it.
extern int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzz_run run);

static _Atomic int64_t in_use;
static _Atomic int64_t peak;

static void allocated(const volatile void *address, size_t size) {
  (void)address;
  int64_t now = atomic_fetch_add(&in_use, (int64_t)size) + (int64_t)size;
  int64_t before = atomic_load(&peak);
  while (now > before && !atomic_compare_exchange_weak(&peak, &before, now)) {
  }
}

static void freed(const volatile void *address) {
  if (address) atomic_fetch_sub(&in_use, (int64_t)__sanitizer_get_allocated_size(address));
}

int fuzz_drive(int argc, char **argv, fuzz_run run) {
  __sanitizer_install_malloc_and_free_hooks(allocated, freed);
  return LLVMFuzzerRunDriver(&argc, &argv, run);
}

void fuzz_memory_start(void) {
  atomic_store(&in_use, 0);
  atomic_store(&peak, 0);
}

size_t fuzz_memory_peak(void) { return (size_t)atomic_load(&peak); }
