// The pool of threads behind dk_parallel.
//
// A region is open while its `generation` is odd. A thread that sees it open counts itself into `inside`, looks again,
// and if the region is still the same one takes indices until there are none. The opener takes indices too, closes the
// region, and waits until nobody is inside: then every index has been claimed and done, and the region's fields may
// change. A thread that comes too late finds the region closed and touches nothing, so nobody waits for it.
//
// There is one region for a caller from outside, and one for each of its threads. A thread that finds no more indices
// outside is idle until the others are done. Meanwhile each of these may cut a kernel's work into parts and open its own
// region for the idle: a slow core or a long text at the end keeps nobody waiting, and one text has all threads.
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
// Threads beyond these work, but open no region of their own.
enum { MOST_OPENERS = 256 };

typedef struct {
  _Alignas(128) atomic_uint generation;  // odd: open
  atomic_uint inside;                    // threads besides the opener that may look at the fields below
  atomic_uint opener_sleeps;             // the opener is asleep on `inside`
  dk_work_t work;
  void *context;
  atomic_llong threads, joined;          // at most so many; so many came, the opener first: their numbers in parts
  atomic_llong count, next;              // `next` is the first index that nobody has claimed
} region_t;

static region_t whole;                // the caller's
static region_t parts[MOST_OPENERS];  // by the number of the thread in `whole`

static atomic_uint sleepers;          // workers asleep on whole.generation
static atomic_uint busy;              // threads that have an index of `whole`, or may yet claim one
static atomic_uint idle;              // threads that have none any more, and would help
static atomic_uint news, dozing;      // of the idle, those asleep on `news`
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;  // held by the caller; guards `workers`
static int64_t workers;               // threads made so far, besides the callers

// Where this thread is: in no region, in the whole, or in a part.
static _Thread_local enum { OUTSIDE, IN_WHOLE, IN_PART } place;
static _Thread_local int64_t number;  // in the whole

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

// ---- regions --------------------------------------------------------------------------------------------------------

static void open_region(region_t *region, int64_t count, int64_t threads, dk_work_t work, void *context) {
  region->work = work, region->context = context;
  atomic_store(&region->threads, threads);
  atomic_store(&region->count, count);
  atomic_store(&region->next, 0);
  atomic_store(&region->joined, 1);
  atomic_fetch_add(&region->generation, 1);
}

static void close_region(region_t *region) {
  atomic_fetch_add(&region->generation, 1);
  for (int spins = 0; spins < SPINS; spins++) {
    if (atomic_load(&region->inside) == 0) return;
    pause_briefly();
  }
  atomic_store(&region->opener_sleeps, 1);
  for (unsigned now; (now = atomic_load(&region->inside)) != 0;) sleep_while(&region->inside, now);
  atomic_store(&region->opener_sleeps, 0);
}

static void leave_region(region_t *region) {
  if (atomic_fetch_sub(&region->inside, 1) == 1 && atomic_load(&region->opener_sleeps)) wake_all(&region->inside);
}

static void take_indices(region_t *region, int64_t worker) {
  const long long count = atomic_load_explicit(&region->count, memory_order_relaxed);
  long long index = atomic_load_explicit(&region->next, memory_order_relaxed);
  while (index < count) {
    if (!atomic_compare_exchange_weak(&region->next, &index, index + 1)) continue;
    region->work(region->context, index, worker);
    index = atomic_load_explicit(&region->next, memory_order_relaxed);
  }
}

// ---- the idle -------------------------------------------------------------------------------------------------------

static void wake_the_dozing(void) {
  if (atomic_load(&dozing) == 0) return;
  atomic_fetch_add(&news, 1);
  wake_all(&news);
}

static int wants_help(region_t *part) {
  return atomic_load(&part->generation) % 2 == 1 && atomic_load(&part->next) < atomic_load(&part->count) &&
         atomic_load(&part->joined) < atomic_load(&part->threads);
}

static void help_with(region_t *part) {
  const unsigned seen = atomic_load(&part->generation);
  atomic_fetch_sub(&idle, 1);
  atomic_fetch_add(&part->inside, 1);
  if (seen % 2 == 1 && atomic_load(&part->generation) == seen) {
    const int64_t worker = atomic_fetch_add(&part->joined, 1);
    place = IN_PART;
    if (worker < part->threads) take_indices(part, worker);
    place = IN_WHOLE;
  }
  leave_region(part);
  atomic_fetch_add(&idle, 1);
}

// Some part that has work for another thread, or NULL.
static region_t *open_part(int64_t threads) {
  for (int64_t i = 0; i < threads && i < MOST_OPENERS; i++)
    if (wants_help(&parts[i])) return &parts[i];
  return NULL;
}

// Helps until every index of the whole is done.
static void help_the_others(int64_t threads) {
  atomic_fetch_add(&idle, 1);
  for (int spins = 0; atomic_load(&busy) > 0;) {
    const unsigned now = atomic_load(&news);
    region_t *part = open_part(threads);
    if (part) {
      help_with(part);
      spins = 0;
    } else if (++spins < SPINS) {
      pause_briefly();
    } else {
      atomic_fetch_add(&dozing, 1);
      if (atomic_load(&busy) > 0 && !open_part(threads)) sleep_while(&news, now);
      atomic_fetch_sub(&dozing, 1);
      spins = 0;
    }
  }
  atomic_fetch_sub(&idle, 1);
}

// ---- workers --------------------------------------------------------------------------------------------------------

static void work_on_whole(int64_t worker) {
  place = IN_WHOLE, number = worker;
  atomic_fetch_add(&busy, 1);
  take_indices(&whole, worker);
  if (atomic_fetch_sub(&busy, 1) == 1) wake_the_dozing();
  help_the_others(whole.threads);
  place = OUTSIDE;
}

// Returns the generation after `seen` at which the whole is open.
static unsigned wait_for_whole(unsigned seen) {
  for (int spins = 0;;) {
    const unsigned now = atomic_load_explicit(&whole.generation, memory_order_acquire);
    if (now != seen && now % 2 == 1) return now;
    if (++spins < SPINS) {
      pause_briefly();
      continue;
    }
    atomic_fetch_add(&sleepers, 1);
    sleep_while(&whole.generation, now);
    atomic_fetch_sub(&sleepers, 1);
    spins = 0;
  }
}

static void *worker_main(void *argument) {
  const int64_t worker = (int64_t)(intptr_t)argument;
  for (unsigned seen = 0;;) {
    seen = wait_for_whole(seen);
    atomic_fetch_add(&whole.inside, 1);
    if (atomic_load(&whole.generation) == seen && worker < whole.threads) work_on_whole(worker);
    leave_region(&whole);
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

// Parts are short and many. Where other programs want the cores, a helper that is taken off its core in the middle of a
// piece keeps the opener waiting: that works alone for a while then, many times as long as it waited.
enum { STALL = 1500000, PATIENCE = 20 };  // nanoseconds; a factor

static _Thread_local int64_t alone_until;

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// `begun`, `done`: when the opener began to work and when it found nothing more to do.
static void note_wait(int64_t begun, int64_t done) {
  const int64_t now = nanoseconds(), waited = now - done;
  if (waited > STALL && waited > (done - begun) / 2) alone_until = now + PATIENCE * waited;
}

int64_t dk_team(void) {
  if (place != IN_WHOLE || number >= MOST_OPENERS) return 1;
  const int64_t team = 1 + (int64_t)atomic_load_explicit(&idle, memory_order_relaxed);
  return team > 1 && alone_until > 0 && nanoseconds() < alone_until ? 1 : team;
}

// ---- callers --------------------------------------------------------------------------------------------------------

static void share_a_part(int64_t count, int64_t threads, dk_work_t work, void *context) {
  region_t *part = &parts[number];
  open_region(part, count, threads, work, context);
  wake_the_dozing();
  const int64_t begun = nanoseconds();
  place = IN_PART;
  take_indices(part, 0);
  place = IN_WHOLE;
  const int64_t done = nanoseconds();
  close_region(part);
  note_wait(begun, done);
}

void dk_parallel(int64_t count, int64_t threads, dk_work_t work, void *context) {
  const int inside_another = place != OUTSIDE;
  if (count <= 0) return;
  if (threads <= 1 || (inside_another && (count == 1 || dk_team() == 1))) {
    for (int64_t index = 0; index < count; index++) work(context, index, 0);
    return;
  }
  if (inside_another) return share_a_part(count, threads, work, context);
  pthread_mutex_lock(&turn);
  make_workers(threads - 1);
  open_region(&whole, count, threads, work, context);
  if (atomic_load(&sleepers) > 0) wake_all(&whole.generation);
  work_on_whole(0);
  close_region(&whole);
  pthread_mutex_unlock(&turn);
}

// ---- blocks that change hands ---------------------------------------------------------------------------------------

void dk_hand_on(void *word) { atomic_store_explicit((atomic_uint *)word, 1, memory_order_release); }

void dk_receive(void *word) { (void)atomic_load_explicit((atomic_uint *)word, memory_order_acquire); }
