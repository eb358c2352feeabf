#ifndef KAZASU_CHILD_H
#define KAZASU_CHILD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MOST_FILES 4

/* A process that the leader starts, and starts again when it ends. */
struct child {
  const char *name;
  char *const *command;
  /* What it gets besides the leader's environment: NAME=value, NULL at the end. */
  const char *environment[6];
  /* Files of the leader by the number that they get; -1 ends the list. */
  struct {
    int from, to;
  } files[MOST_FILES];
  /* Whose process it is; 0 keeps the leader's user. */
  uid_t user;
  gid_t group;
  /* Ends when the leader ends, however that happens. */
  bool ends_with_leader;
  /* It was ended because it said nothing any more. */
  bool hung;

  pid_t pid;
  uint64_t started_at, start_at, pause;
};

/* False when there is no process left to start it in. */
bool child_start(struct child *child, uint64_t now);
/* Notes that it has ended and when it is due again: at once after a long life, later and later after short ones. */
void child_ended(struct child *child, uint64_t now, uint64_t shortest_pause, uint64_t longest_pause);
void child_kill(struct child *child, int signal);
#endif
