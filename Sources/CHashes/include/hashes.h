// SHA-256 by the processor's own instructions, where it has them.
#ifndef HASHES_H
#define HASHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether the processor and the system have the instructions; false on other architectures than x86-64.
bool ch_has_sha256(void);

// Takes `count` blocks of 64 bytes into the state of 8 words; only where `ch_has_sha256` says so.
void ch_sha256(uint32_t *state, const uint8_t *blocks, size_t count);

// The standard's 64 constants, on any processor.
const uint32_t *ch_sha256_constants(void);

#endif
