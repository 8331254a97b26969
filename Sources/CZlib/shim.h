// zlib of the system, for Swift.
#include <zlib.h>
