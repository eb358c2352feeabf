#include "lease.h"
#include "clock.h"
#include <string.h>

bool lease_take(struct lease *held, const char *lock, uint64_t sequence, uint64_t milliseconds, uint64_t now) {
  if (held->lock[0] == '\0' || strcmp(held->lock, lock) != 0 || sequence <= held->sequence) return false;
  if (milliseconds == 0 || milliseconds > LONGEST_LEASE) return false;
  held->sequence = sequence;
  held->ends_at = now + milliseconds * MILLISECOND;
  return true;
}

void lease_cover(struct lease *held, const char *lock) {
  if (strcmp(held->lock, lock) != 0) held->sequence = 0;
  strncpy(held->lock, lock, LOCK_LENGTH);
  held->lock[LOCK_LENGTH] = '\0';
  held->ends_at = 0;
}

void lease_forget(struct lease *held) { memset(held, 0, sizeof *held); }

bool lease_is_fresh(const struct lease *held, uint64_t now) {
  return held->ends_at > now && held->ends_at - now <= LONGEST_LEASE * MILLISECOND;
}
