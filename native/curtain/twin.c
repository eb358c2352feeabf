#define _GNU_SOURCE
#include "twin.h"
#include "clock.h"
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

void twin_start(struct twin *twin, struct shared *shared, int seat) {
  *twin = (struct twin){.shared = shared, .own = &shared->seats[seat], .other = &shared->seats[1 - seat], .process = -1};
  twin->own->open_until = 0;
  twin->own->top = 0;
  twin->own->beat = twin->beat_before = clock_awake();
  twin->own->pid = getpid();
}

static bool has_ended(int process) {
  struct pollfd poll_one = {.fd = process, .events = POLLIN};
  return poll(&poll_one, 1, 0) == 1;
}

static void watch(struct twin *twin, pid_t pid) {
  if (twin->process != -1) close(twin->process);
  twin->watched = pid;
  twin->process = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

enum twin_state twin_look(struct twin *twin) {
  const uint64_t now = clock_awake();
  /* After a stop of our own the other may have beaten unseen. */
  const bool was_held_up = now - twin->beat_before > HUNG_AFTER / 4;
  twin->beat_before = now;
  twin->own->beat = now;
  const pid_t pid = twin->other->pid;
  if (pid != twin->watched) watch(twin, pid);
  if (pid == 0) return TWIN_ABSENT;
  if (twin->process == -1 || has_ended(twin->process)) {
    /* Unless its successor has sat down meanwhile. */
    pid_t ended = twin->watched;
    if (atomic_compare_exchange_strong(&twin->other->pid, &ended, 0)) twin->other->ready = 0;
    watch(twin, 0);
    return TWIN_ENDED;
  }
  if (!was_held_up && twin->other->ready && now > twin->other->beat && now - twin->other->beat > HUNG_AFTER)
    return TWIN_HUNG;
  return TWIN_ALIVE;
}

void twin_end(struct twin *twin) {
  if (twin->process != -1) syscall(SYS_pidfd_send_signal, twin->process, SIGKILL, NULL, 0);
}

bool twin_holds(const struct twin *twin) { return twin->shared->holder == twin->own->pid; }

void twin_claim(struct twin *twin) {
  pid_t holder = twin->shared->holder;
  if (holder == twin->own->pid) return;
  const bool lives = holder != 0 && holder == twin->watched && twin->process != -1 && !has_ended(twin->process);
  if (!lives) atomic_compare_exchange_strong(&twin->shared->holder, &holder, twin->own->pid);
}
