#ifndef KAZASU_SHARED_H
#define KAZASU_SHARED_H
#include "message.h"
#include <stdatomic.h>
#include <sys/types.h>

#define SEATS 2
/* How often a curtain shows that it runs, and how long without that until it counts as hung. */
#define BEAT_EVERY (100 * MILLISECOND)
#define HUNG_AFTER (1000 * MILLISECOND)

/* What one curtain tells the other and their leader, in memory that only they have. */
struct seat {
  _Atomic pid_t pid;
  /* clock_awake() of its last turn. */
  _Atomic uint64_t beat;
  /* It has covered, or taken over an open desktop: it counts. */
  _Atomic int ready;
  /* Until when it keeps the desktop open; 0 while it covers. */
  _Atomic uint64_t open_until;
  /* Its part of the X server's names, and a window of its own by which it can be ended. */
  _Atomic uint32_t client;
  _Atomic uint32_t window;
  /* Its cover on the composite overlay; 0 while open. */
  _Atomic uint32_t top;
};

struct shared {
  struct seat seats[SEATS];
  /* Process of the curtain that holds keyboard and pointer. */
  _Atomic pid_t holder;
  /* A curtain has covered: from then on there is always one, or no session. */
  _Atomic int covered_once;
  /* The window that had the keyboard before the screens were covered. */
  _Atomic uint32_t former_focus;
};

/* From the private display to the leader, before its number: in hundredths. */
#define SCALE_LINE "scale %u"

/* From a curtain to the painter. */
enum input_kind { INPUT_STAGE = 1, INPUT_KEY, INPUT_BUTTON, INPUT_MOTION };
struct input {
  uint32_t kind;
  /* STAGE: window or 0, x, y, width, height. KEY, BUTTON: code, 1 when pressed. MOTION: x, y. */
  uint32_t values[5];
};
#endif
