#ifndef KAZASU_TWIN_H
#define KAZASU_TWIN_H
#include "shared.h"
#include <stdbool.h>

/* The other curtain, watched by its process and by its beat. */
struct twin {
  struct shared *shared;
  struct seat *own, *other;
  pid_t watched;
  /* Readable when it has ended; -1 while there is none. */
  int process;
  uint64_t beat_before;
};

enum twin_state { TWIN_ABSENT, TWIN_ALIVE, TWIN_ENDED, TWIN_HUNG };

void twin_start(struct twin *twin, struct shared *shared, int seat);
/* Shows that this one runs, and says how the other is. ENDED and HUNG are told once. */
enum twin_state twin_look(struct twin *twin);
/* Ends it. What the X server knows of it is ended first, so that its grab is free at once. */
void twin_end(struct twin *twin);
bool twin_holds(const struct twin *twin);
/* Makes this one the holder, when nobody is who lives. */
void twin_claim(struct twin *twin);
#endif
