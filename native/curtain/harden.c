#define _GNU_SOURCE
#include "harden.h"
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_file(const char *path, const char *text, size_t length) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file == -1) return;
  /* Not everybody may lower it; the leader has done so where it could. */
  if (write(file, text, length) < 0) (void)0;
  close(file);
}

void harden(void) {
  static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
  write_file("/proc/self/oom_score_adj", "-1000", 5);
  setpriority(PRIO_PROCESS, 0, -10);
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#ifndef KAZASU_SANITIZED
  struct rlimit locked;
  /* Under a limit, memory that is wanted later would be refused instead of locked. */
  const bool all = getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY;
  mlockall(all || geteuid() == 0 ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT);
#endif
}
