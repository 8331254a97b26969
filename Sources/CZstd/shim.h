// Zstandard of the system, for Swift.
#include <zstd.h>
