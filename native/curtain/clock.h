#ifndef KAZASU_CLOCK_H
#define KAZASU_CLOCK_H
#include <stdint.h>
#include <time.h>

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

static inline uint64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* Nanoseconds since the machine was switched on, with the time that it slept. */
static inline uint64_t clock_now(void) { return clock_read(CLOCK_BOOTTIME); }

/* The same without the time that it slept: nobody hung while everybody did. */
static inline uint64_t clock_awake(void) { return clock_read(CLOCK_MONOTONIC); }
#endif
