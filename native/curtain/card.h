#ifndef KAZASU_CARD_H
#define KAZASU_CARD_H
#include "cover.h"
#include "glyphs.h"
#include "message.h"
#include <time.h>

/* What stands on the cover while nobody else draws there: time, locked, where this is and whom to call. */
struct card {
  struct glyphs glyphs;
  bool has_glyphs;
  char terminal[LONGEST_NAME + 1];
  char helpdesk[LONGEST_NAME + 1];
  /* Minute that was drawn last, since 1970. */
  time_t minute;
};

void card_start(struct card *card, const char *glyphs);
void card_label(struct card *card, const char *terminal, const char *helpdesk);
/* Draws anew when the minute or a name has changed; true when it did. */
bool card_draw(struct card *card, struct cover *cover);
#endif
