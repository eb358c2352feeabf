#define _GNU_SOURCE
#include "child.h"
#include "clock.h"
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Longer than a start takes: what lives that long did not die of its start. */
#define HEALTHY_AFTER (3 * SECOND)
/* Above every number that a child is given. */
#define ASIDE 64

static void give_files(const struct child *child) {
  int count = 0;
  for (; count < MOST_FILES && child->files[count].from != -1; count++)
    if (fcntl(child->files[count].from, F_DUPFD, ASIDE + count) != ASIDE + count) _exit(126);
  for (int index = 0; index < count; index++)
    if (dup2(ASIDE + index, child->files[index].to) == -1) _exit(126);
  close_range(count == 0 ? 3 : (unsigned)child->files[count - 1].to + 1, ~0u, 0);
}

static void become(const struct child *child) {
  /* Locked memory and a place after everybody else when memory ends: only the leader can give these. */
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  if (!child->ends_with_leader) setrlimit(RLIMIT_MEMLOCK, &all);
  if (child->user == 0) return;
  if (setgroups(0, NULL) != 0 || setresgid(child->group, child->group, child->group) != 0 ||
      setresuid(child->user, child->user, child->user) != 0)
    _exit(126);
}

bool child_start(struct child *child, uint64_t now) {
  const pid_t leader = getpid();
  child->started_at = now;
  child->pid = fork();
  if (child->pid != 0) return child->pid > 0;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  give_files(child);
  become(child);
  if (child->ends_with_leader) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != leader) _exit(126);
  }
  for (size_t index = 0; index < sizeof child->environment / sizeof *child->environment; index++) {
    const char *entry = child->environment[index];
    if (entry == NULL) break;
    putenv((char *)entry);
  }
  execvp(child->command[0], child->command);
  fprintf(stderr, "leader: %s cannot be started\n", child->command[0]);
  _exit(127);
}

void child_ended(struct child *child, uint64_t now, uint64_t shortest_pause, uint64_t longest_pause) {
  const bool healthy = now - child->started_at > HEALTHY_AFTER;
  if (healthy || child->pause < shortest_pause) child->pause = shortest_pause;
  if (child->pause > longest_pause) child->pause = longest_pause;
  child->pid = 0;
  child->start_at = now + child->pause;
  child->pause = child->pause * 2 < longest_pause ? child->pause * 2 : longest_pause;
}

void child_kill(struct child *child, int signal) {
  if (child->pid > 0) kill(child->pid, signal);
}
