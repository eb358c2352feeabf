#ifndef KAZASU_LIFE_H
#define KAZASU_LIFE_H
#include <stdbool.h>
#include <sys/types.h>

/* A file of the guard with one word for each curtain: `native/workstation/life.ts` says the same. */
#define LIFE_PLACES 2
#define LIFE_PLACE_BYTES 64

/*
 * Tells that the guard has ended before its sockets do: those are closed when its memory has been taken apart, which
 * takes tens of milliseconds. Where the file is not there, or no thread can be had, the socket's end is all there is.
 */
struct life {
  /* Readable once the guard that is watched has ended; -1 where nothing can tell. */
  int ended;
  int seat;
};

void life_start(struct life *life, int seat);
/* Watches the guard at the other end of `socket`, which listens at `path` and is a process of `guard` or root. */
void life_watch(struct life *life, int socket, const char *path, uid_t guard);
/* Whether it has ended; it is told once. */
bool life_has_ended(struct life *life);
#endif
