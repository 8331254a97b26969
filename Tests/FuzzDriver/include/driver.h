// What the fuzzer needs in C: libFuzzer's entry point and a count of the memory in use.
#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int (*fuzz_run)(const uint8_t *bytes, size_t count);

// Runs libFuzzer with the arguments of its command line; it does not come back where something is found.
int fuzz_drive(int argc, char **argv, fuzz_run run);

// Counts allocations from now on; the peak starts at 0.
void fuzz_memory_start(void);

// The most bytes that were in use at once since the start, above what was in use then.
size_t fuzz_memory_peak(void);

#endif
