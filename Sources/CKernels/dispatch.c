#include "kernels.h"
dk_isa_t dk_isa_best(void) { return DK_ISA_GENERIC; }
