/* messages: says for each line of standard input what the curtain makes of it, as contract/curtain.ts would have it. */
#include "../../native/curtain/message.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char *line = NULL;
  size_t room = 0;
  for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
    if (line[length - 1] == '\n') length--;
    /* Exactly as long as the line, so that a sanitizer sees a read beyond it. */
    char *exact = malloc((size_t)length + 1);
    memcpy(exact, line, (size_t)length);
    struct message message;
    const bool taken = message_parse(exact, (size_t)length, &message);
    free(exact);
    if (!taken) printf("-\n");
    else if (message.kind == MESSAGE_LEASE)
      printf("lease %s %lu %lu\n", message.lock, message.sequence, message.milliseconds);
    else if (message.kind == MESSAGE_COVER) printf("cover %s\n", message.lock);
    else printf("label %s|%s\n", message.terminal, message.helpdesk);
  }
  free(line);
  return 0;
}
