#ifndef KAZASU_LINK_H
#define KAZASU_LINK_H
#include "life.h"
#include "message.h"
#include <sys/types.h>

/* The connection to the guard: tried again for ever, to a process of the guard's user alone. */
struct link {
  const char *path;
  uid_t guard;
  /* -1 while there is none. */
  int socket;
  struct life life;
  uint64_t try_at;
  char line[LONGEST_LINE + 1];
  size_t length;
};

void link_start(struct link *link, const char *path, uid_t guard, int seat);
/* True when a connection has just been made. */
bool link_try(struct link *link, uint64_t now);
/* Calls `take` for each message. False when the guard is gone or spoke nonsense; the connection is then closed. */
bool link_read(struct link *link, void (*take)(void *, const struct message *), void *context, uint64_t now);
/* Sees whether the guard has ended; the connection is then closed. True when it has. */
bool link_has_ended(struct link *link, uint64_t now);
bool link_write(struct link *link, const char *line, uint64_t now);
#endif
