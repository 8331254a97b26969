// Faults of the machine that no call returns: a mapped file that shrinks (SIGBUS), and memory that is not to be had.
// A command that installs this ends with a sentence and an exit code instead of a crash; a program that does not keeps
// the system's behaviour.
#ifndef DISCERN_FAULTS_H
#define DISCERN_FAULTS_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// From now on a fault in a watched mapping, or of memory, ends the process with a message and one of these codes.
void df_install(int file_code, int memory_code);

// Remembers what is mapped where, so that a fault can name the file. Never fails; of very many mappings some go unnamed.
void df_watch(const void *start, size_t length, const char *name);
void df_unwatch(const void *start);

// Ends the process with a sentence, where df_install was called; returns otherwise.
void df_out_of_memory(size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
