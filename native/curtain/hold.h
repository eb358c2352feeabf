#ifndef KAZASU_HOLD_H
#define KAZASU_HOLD_H
#include "cover.h"

/* Keyboard and pointer, taken for a window of the cover. */
struct hold {
  xcb_cursor_t cursor;
};

void hold_start(struct hold *hold, struct cover *cover);
/* True when the server says that this process has both. */
bool hold_take(struct hold *hold, struct cover *cover);
void hold_release(struct cover *cover);
/* Hides the windows of everybody else for a moment, which ends grabs that hang on them, and takes both meanwhile. */
bool hold_force(struct hold *hold, struct cover *cover, uint32_t twin);
/* Ends other clients one by one until it has both. */
bool hold_kill(struct hold *hold, struct cover *cover, uint32_t twin);
#endif
