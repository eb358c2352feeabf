#ifndef KAZASU_LEASE_H
#define KAZASU_LEASE_H
#include <stdbool.h>
#include <stdint.h>

/*
 * Locked is the absence of a fresh lease.
 *
 *   covered -- lease of this lock, growing sequence --> open until received + milliseconds
 *      ^                                                   |
 *      `-- time over, `cover`, connection lost <-----------'
 */
#define LOCK_LENGTH 36
#define LONGEST_LEASE 2000

struct lease {
  /* The lock that the next lease must carry; empty before the guard has named one. */
  char lock[LOCK_LENGTH + 1];
  uint64_t sequence;
  /* Nanoseconds of clock_now(); 0 when none is held. */
  uint64_t ends_at;
};

/* Leaves everything as it is when the lease is not for this lock or not newer than the last. */
bool lease_take(struct lease *held, const char *lock, uint64_t sequence, uint64_t milliseconds, uint64_t now);
/* Ends every lease and names the next lock. Sequences of the same lock go on growing. */
void lease_cover(struct lease *held, const char *lock);
/* The guard is gone: no lease counts until it has named a lock again. */
void lease_forget(struct lease *held);
bool lease_is_fresh(const struct lease *held, uint64_t now);
#endif
