#ifndef KAZASU_MESSAGE_H
#define KAZASU_MESSAGE_H
#include "lease.h"
#include <stddef.h>

/* One line of contract/curtain.ts, without its end. */
#define LONGEST_LINE 512
#define LONGEST_NAME 160

enum message_kind { MESSAGE_LEASE, MESSAGE_COVER, MESSAGE_LABEL };

struct message {
  enum message_kind kind;
  char lock[LOCK_LENGTH + 1];
  uint64_t sequence;
  uint64_t milliseconds;
  /* UTF-8. */
  char terminal[LONGEST_NAME + 1];
  char helpdesk[LONGEST_NAME + 1];
};

/* Takes exactly the messages of the contract: an unknown, missing or doubled member is no message. */
bool message_parse(const char *line, size_t length, struct message *out);
#endif
