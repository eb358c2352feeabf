#define _GNU_SOURCE
#include "xserver.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE 60

int xserver_find(void) {
  const char *display = getenv("DISPLAY");
  if (display == NULL || display[0] != ':') return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "/tmp/.X11-unix/X%d", atoi(display + 1));
  const int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct ucred peer;
  socklen_t size = sizeof peer;
  int process = -1;
  if (link != -1 && connect(link, (struct sockaddr *)&address, sizeof address) == 0 &&
      getsockopt(link, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
    process = (int)syscall(SYS_pidfd_open, peer.pid, 0);
  if (link != -1) close(link);
  return process;
}

void xserver_end(int process) {
  if (process == -1) return;
  struct pollfd ended = {.fd = process, .events = POLLIN};
  syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0);
  if (poll(&ended, 1, PATIENCE) != 1) syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
}
