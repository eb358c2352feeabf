#ifndef KAZASU_MIRROR_H
#define KAZASU_MIRROR_H
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

#define MOST_COPIES 8

struct box {
  int16_t x, y;
  uint16_t width, height;
};

/* A window of the real display that shows a part of the private one. */
struct copy {
  xcb_window_t window;
  /* The window of the private display that it shows; NONE where it shows all of it on the stage. */
  xcb_window_t of;
  struct box part;
  bool hidden;
};

struct mirror {
  xcb_connection_t *real, *own;
  xcb_screen_t *real_screen, *own_screen;
  xcb_gcontext_t context;
  uint32_t real_memory, own_memory;
  /* The pane of the curtain; NONE while the desktop is open. */
  xcb_window_t stage;
  /* Where on the real display the private one lies. */
  struct box place;
  struct copy copies[MOST_COPIES];
  int count;
};

/* False when the two displays cannot share pictures. */
bool mirror_start(struct mirror *mirror, xcb_connection_t *real, xcb_connection_t *own);
/*
 * A copy went with the stage that it was on. The next curtain's windows may have the very names of the one before, so that
 * nothing else would tell.
 */
void mirror_forget(struct mirror *mirror, xcb_window_t window);
void mirror_set_stage(struct mirror *mirror, xcb_window_t stage, struct box place);
/*
 * On the stage: all of the private display, as long as a window there covers it. While open: a window for each window
 * there that does not cover all of it, such as the badge.
 */
void mirror_follow(struct mirror *mirror);
/* Copies what has changed. */
void mirror_paint(struct mirror *mirror, struct box changed);
void mirror_paint_all(struct mirror *mirror);
const struct copy *mirror_find(const struct mirror *mirror, xcb_window_t window);
#endif
