// See allocation.h. Only glibc's malloc is stood in for, and not where a sanitizer has one of its own.
#include "allocation.h"

#include "faults.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DA_SANITIZED 1
#endif
#endif

void da_use(void) {}

#if defined(__GLIBC__) && !defined(DA_SANITIZED)
extern void *__libc_malloc(size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (memory == NULL && size > 0) df_out_of_memory(size);
  return memory;
}

// The Swift runtime asks here for whatever has an alignment of its own.
int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *made = __libc_memalign(alignment, size);
  if (made == NULL) {
    if (size > 0) df_out_of_memory(size);
    return ENOMEM;
  }
  *memory = made;
  return 0;
}
#endif
