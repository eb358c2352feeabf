#ifndef KAZASU_UI_H
#define KAZASU_UI_H
#include "child.h"
#include <poll.h>

/* What people see on the curtain: the screen on its private display, and the painter. Nothing of it can open anything. */
struct ui {
  struct child display, painter, screen;
  char *authority;
  /* Where the private display writes its scale and its number, a line each, and the others that they run. */
  int number, painter_beat, screen_beat;
  int number_given, painter_beat_given, screen_beat_given;
  char name[20], display_variable[32], authority_variable[256], scale_variable[32], line[16];
  size_t line_length;
  bool has_display;
  uint64_t painter_heard_at, screen_heard_at, painter_hung_at;
  /* The screen has beaten since it was started. */
  bool screen_beats;
};

/* `programs`: folder of the painter; `folder`: for the private display's cookie; `to_painter`: what it reads. */
bool ui_prepare(struct ui *ui, const char *programs, const char *folder, char *const *screen, int to_painter);
void ui_turn(struct ui *ui, uint64_t now);
/* True when the process was one of these. */
bool ui_bury(struct ui *ui, pid_t pid, int status, uint64_t now);
void ui_end(struct ui *ui, int signal);
#endif
