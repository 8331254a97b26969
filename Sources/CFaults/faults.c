// See faults.h. The signal handler calls write and _exit alone, and reads what df_watch has finished writing.
#define _GNU_SOURCE
#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { PLACES = 256, NAME_BYTES = 512 };

static struct {
  _Atomic uintptr_t start;  // 0: free
  size_t length;
  char name[NAME_BYTES];
} places[PLACES];

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int file_exit, memory_exit;  // 0: not installed

static void say(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t count = write(2, text, left);
    if (count <= 0) return;
    text += count;
    left -= (size_t)count;
  }
}

void df_watch(const void *start, size_t length, const char *name) {
  pthread_mutex_lock(&turn);
  for (int i = 0; i < PLACES; i++) {
    if (atomic_load(&places[i].start) != 0) continue;
    places[i].length = length;
    strncpy(places[i].name, name, NAME_BYTES - 1);
    atomic_store(&places[i].start, (uintptr_t)start);
    break;
  }
  pthread_mutex_unlock(&turn);
}

void df_unwatch(const void *start) {
  pthread_mutex_lock(&turn);
  for (int i = 0; i < PLACES; i++) {
    if (atomic_load(&places[i].start) != (uintptr_t)start) continue;
    atomic_store(&places[i].start, 0);
    break;
  }
  pthread_mutex_unlock(&turn);
}

// Several threads may meet a fault at once; the first one speaks, and the process ends.
static void be_first(void) {
  static atomic_flag taken = ATOMIC_FLAG_INIT;
  if (!atomic_flag_test_and_set(&taken)) return;
  for (;;) pause();
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)context;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int i = 0; i < PLACES; i++) {
    uintptr_t start = atomic_load(&places[i].start);
    if (start == 0 || address < start || address - start >= places[i].length) continue;
    be_first();
    say("\ndiscern: error: ");
    say(places[i].name);
    say(": found a file that was cut short, or whose disk failed, while it was read; expected it to stay as it was. "
        "Leave it alone meanwhile: to replace it, write another file and rename that.\n");
    _exit(atomic_load(&file_exit));
  }
  // Not ours: let it end as it would have without us.
  signal(number, SIG_DFL);
  raise(number);
}

void df_install(int file_code, int memory_code) {
  atomic_store(&file_exit, file_code);
  atomic_store(&memory_exit, memory_code);
  struct sigaction action = {0};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}

void df_out_of_memory(size_t bytes) {
  int code = atomic_load(&memory_exit);
  if (code == 0) return;
  char digits[24];
  int first = sizeof digits - 1;
  digits[first] = 0;
  do {
    digits[--first] = (char)('0' + bytes % 10);
    bytes /= 10;
  } while (bytes > 0);
  be_first();
  say("\ndiscern: error: memory: found that the system gives no more (");
  say(digits + first);
  say(" bytes were asked for); expected enough for the run. Give it more memory, or need less: a smaller batch_size or "
      "max_length, recompute, fewer threads.\n");
  _exit(code);
}
