#define _GNU_SOURCE
#include "life.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* All of a curtain's memory is locked. */
#define STACK_BYTES (size_t)(PTHREAD_STACK_MIN + 16 * 1024)
#define FILE_BYTES (LIFE_PLACES * LIFE_PLACE_BYTES)

/* What one thread watches; its own once it runs. */
struct watch {
  void *memory;
  int seat, ended;
  unsigned turn;
};

/* A watch whose turn has passed ends at its next look. */
static _Atomic unsigned turn;

void life_start(struct life *life, int seat) {
  life->seat = seat;
  life->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void *wait_for_end(void *context) {
  struct watch *watch = context;
  _Atomic uint32_t *word = (_Atomic uint32_t *)((char *)watch->memory + watch->seat * LIFE_PLACE_BYTES);
  const struct timespec look_again = {1, 0};
  while (turn == watch->turn) {
    const uint32_t seen = *word;
    if ((seen & FUTEX_OWNER_DIED) == 0 && (seen & FUTEX_TID_MASK) != 0) {
      syscall(SYS_futex, word, FUTEX_WAIT, seen, &look_again, NULL, 0);
      continue;
    }
    /* Of one that was left for another nothing is told. */
    const uint64_t one = 1;
    if (turn == watch->turn && write(watch->ended, &one, sizeof one) < 0) (void)0;
    break;
  }
  munmap(watch->memory, FILE_BYTES);
  free(watch);
  return NULL;
}

static void *try_map(int socket, const char *path, uid_t guard) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  char name[PATH_MAX];
  struct stat found;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return MAP_FAILED;
  if (snprintf(name, sizeof name, "%s.%d", path, (int)peer.pid) >= (int)sizeof name) return MAP_FAILED;
  const int file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file == -1) return MAP_FAILED;
  const bool sound = fstat(file, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == FILE_BYTES &&
                     (found.st_uid == guard || found.st_uid == 0);
  void *memory = sound ? mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  return memory;
}

void life_watch(struct life *life, int socket, const char *path, uid_t guard) {
  turn++;
  /* What the former guard's watch told is not of this one. */
  life_has_ended(life);
  if (life->ended == -1 || life->seat < 0 || life->seat >= LIFE_PLACES) return;
  struct watch *watch = malloc(sizeof *watch);
  if (watch == NULL) return;
  *watch = (struct watch){try_map(socket, path, guard), life->seat, life->ended, turn};
  pthread_attr_t attributes;
  pthread_t thread;
  bool running = false;
  if (watch->memory != MAP_FAILED && pthread_attr_init(&attributes) == 0) {
    running = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
              pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
              pthread_create(&thread, &attributes, wait_for_end, watch) == 0;
    pthread_attr_destroy(&attributes);
  }
  if (running) return;
  if (watch->memory != MAP_FAILED) munmap(watch->memory, FILE_BYTES);
  free(watch);
}

bool life_has_ended(struct life *life) {
  uint64_t count;
  return life->ended != -1 && read(life->ended, &count, sizeof count) == (ssize_t)sizeof count;
}
