#define _GNU_SOURCE
#include "link.h"
#include "clock.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TRY_AGAIN (50 * MILLISECOND)

void link_start(struct link *link, const char *path, uid_t guard, int seat) {
  memset(link, 0, sizeof *link);
  link->path = path;
  link->guard = guard;
  link->socket = -1;
  life_start(&link->life, seat);
}

static bool lose(struct link *link, uint64_t now) {
  if (link->socket != -1) close(link->socket);
  link->socket = -1;
  link->length = 0;
  link->try_at = now + TRY_AGAIN;
  return false;
}

static bool is_guard(int socket, uid_t guard) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == guard || peer.uid == 0);
}

bool link_try(struct link *link, uint64_t now) {
  if (link->socket != -1 || now < link->try_at) return false;
  link->try_at = now + TRY_AGAIN;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(link->path) >= sizeof address.sun_path) return false;
  strcpy(address.sun_path, link->path);
  link->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (link->socket == -1) return false;
  if (connect(link->socket, (struct sockaddr *)&address, sizeof address) != 0 || !is_guard(link->socket, link->guard))
    return lose(link, now);
  life_watch(&link->life, link->socket, link->path, link->guard);
  return true;
}

bool link_has_ended(struct link *link, uint64_t now) {
  if (!life_has_ended(&link->life)) return false;
  lose(link, now);
  return true;
}

bool link_read(struct link *link, void (*take)(void *, const struct message *), void *context, uint64_t now) {
  char chunk[4096];
  for (;;) {
    const ssize_t got = recv(link->socket, chunk, sizeof chunk, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) return lose(link, now);
    for (ssize_t index = 0; index < got; index++) {
      if (chunk[index] != '\n') {
        if (link->length == LONGEST_LINE) return lose(link, now);
        link->line[link->length++] = chunk[index];
        continue;
      }
      struct message message;
      if (!message_parse(link->line, link->length, &message)) return lose(link, now);
      link->length = 0;
      take(context, &message);
    }
  }
}

bool link_write(struct link *link, const char *line, uint64_t now) {
  if (link->socket == -1) return false;
  const size_t length = strlen(line);
  /* Half a line is worth nothing, and a guard that reads nothing is no guard. */
  if (send(link->socket, line, length, MSG_NOSIGNAL) == (ssize_t)length) return true;
  return lose(link, now);
}
