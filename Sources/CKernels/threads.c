// The pool of threads behind dk_parallel.
//
// A region is open while `generation` is odd. A worker that sees it open counts itself into `inside`, looks again, and
// if the region is still the same one takes indices until there are none. The caller takes indices too, closes the
// region, and waits until nobody is inside: then every index has been claimed and done, and the region's fields may
// change. A worker that wakes too late finds the region closed and touches nothing, so nobody waits for it.
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "kernels.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

// How often a thread looks before it sleeps: some 50 µs, more than the pause between two products of a request.
enum { SPINS = 2000 };

static struct {
  dk_work_t work;
  void *context;
  int64_t count, threads;
  atomic_llong next;  // the first index that nobody has claimed
} region;

static atomic_uint generation;      // odd: a region is open
static atomic_uint inside;          // workers that may look at the region
static atomic_uint sleepers;        // workers asleep on `generation`
static atomic_uint caller_sleeps;   // the caller is asleep on `inside`
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;  // held by the caller; guards `workers`
static int64_t workers;             // threads made so far, besides the callers
static _Thread_local int in_region;
static _Thread_local int64_t team = 1;

// ---- sleeping until a word changes --------------------------------------------------------------------------------

#if defined(__linux__)
static void sleep_while(atomic_uint *word, unsigned value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}
static void wake_all(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }
#else
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void sleep_while(atomic_uint *word, unsigned value) {
  pthread_mutex_lock(&sleeping);
  while (atomic_load(word) == value) pthread_cond_wait(&changed, &sleeping);
  pthread_mutex_unlock(&sleeping);
}
static void wake_all(atomic_uint *word) {
  (void)word;
  pthread_mutex_lock(&sleeping);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&sleeping);
}
#endif

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// ---- workers --------------------------------------------------------------------------------------------------------

static void take_indices(int64_t worker) {
  in_region = 1;
  const int64_t count = region.count;
  long long index = atomic_load_explicit(&region.next, memory_order_relaxed);
  while (index < count) {
    if (!atomic_compare_exchange_weak(&region.next, &index, index + 1)) continue;
    region.work(region.context, index, worker);
    index = atomic_load_explicit(&region.next, memory_order_relaxed);
  }
  in_region = 0;
}

// Returns the generation after `seen` at which a region is open.
static unsigned wait_for_region(unsigned seen) {
  for (int spins = 0;;) {
    const unsigned now = atomic_load_explicit(&generation, memory_order_acquire);
    if (now != seen && now % 2 == 1) return now;
    if (++spins < SPINS) {
      pause_briefly();
      continue;
    }
    atomic_fetch_add(&sleepers, 1);
    sleep_while(&generation, now);
    atomic_fetch_sub(&sleepers, 1);
    spins = 0;
  }
}

static void *worker_main(void *argument) {
  const int64_t worker = (int64_t)(intptr_t)argument;
  for (unsigned seen = 0;;) {
    seen = wait_for_region(seen);
    atomic_fetch_add(&inside, 1);
    if (atomic_load(&generation) == seen && worker < region.threads) take_indices(worker);
    if (atomic_fetch_sub(&inside, 1) == 1 && atomic_load(&caller_sleeps)) wake_all(&inside);
  }
  return NULL;
}

static void make_workers(int64_t wanted) {
  for (pthread_t thread; workers < wanted; workers++) {
    // The system's refusal is no fault: those that there are do the work.
    if (pthread_create(&thread, NULL, worker_main, (void *)(intptr_t)(workers + 1)) != 0) return;
    pthread_detach(thread);
  }
}

// ---- teams ----------------------------------------------------------------------------------------------------------

// A team's regions are short and many. Where other programs want the cores, a worker that is taken off its core in the
// middle of a piece keeps everybody waiting: the team then works alone for a while, many times as long as it waited.
enum { STALL = 1500000, PATIENCE = 20 };  // nanoseconds; a factor

static _Thread_local int64_t alone_until;

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// `begun`, `done`: when the caller began to work and when it found nothing more to do.
static void note_wait(int64_t begun, int64_t done) {
  const int64_t now = nanoseconds(), waited = now - done;
  if (waited > STALL && waited > (done - begun) / 2) alone_until = now + PATIENCE * waited;
}

int64_t dk_team(void) {
  if (in_region || team == 1) return 1;
  return alone_until > 0 && nanoseconds() < alone_until ? 1 : team;
}

int64_t dk_set_team(int64_t threads) {
  const int64_t before = team;
  team = threads;
  alone_until = 0;
  return before;
}

// ---- callers --------------------------------------------------------------------------------------------------------

static void wait_until_nobody_is_inside(void) {
  for (int spins = 0; spins < SPINS; spins++) {
    if (atomic_load(&inside) == 0) return;
    pause_briefly();
  }
  atomic_store(&caller_sleeps, 1);
  for (unsigned now; (now = atomic_load(&inside)) != 0;) sleep_while(&inside, now);
  atomic_store(&caller_sleeps, 0);
}

void dk_parallel(int64_t count, int64_t threads, dk_work_t work, void *context) {
  if (threads > count) threads = count;
  if (threads <= 1 || in_region) {
    for (int64_t index = 0; index < count; index++) work(context, index, 0);
    return;
  }
  pthread_mutex_lock(&turn);
  make_workers(threads - 1);
  region.work = work, region.context = context, region.count = count, region.threads = threads;
  atomic_store(&region.next, 0);
  atomic_fetch_add(&generation, 1);
  if (atomic_load(&sleepers) > 0) wake_all(&generation);
  const int64_t begun = team > 1 ? nanoseconds() : 0;
  take_indices(0);
  const int64_t done = team > 1 ? nanoseconds() : 0;
  atomic_fetch_add(&generation, 1);
  wait_until_nobody_is_inside();
  if (team > 1) note_wait(begun, done);
  pthread_mutex_unlock(&turn);
}

// ---- blocks that change hands ---------------------------------------------------------------------------------------

void dk_hand_on(void *word) { atomic_store_explicit((atomic_uint *)word, 1, memory_order_release); }

void dk_receive(void *word) { (void)atomic_load_explicit((atomic_uint *)word, memory_order_acquire); }
