// malloc and posix_memalign for the command alone: without memory the Swift runtime would end with a trap.
#ifndef DISCERN_ALLOCATION_H
#define DISCERN_ALLOCATION_H

// Does nothing; a reference to it brings them into the program.
void da_use(void);

#endif
