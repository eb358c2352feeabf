/*
 * sweep lock PERSON [--keep-clipboard]
 * sweep unlock PERSON hide|end [--before PERSON] [--spare CLASS]...
 *
 * Keeps what one person has on the desktop from the next one. On lock the selections are emptied and every window is marked
 * as that person's. On unlock the windows of others are hidden until their person is back, or their clients ended; what
 * the person had is shown again. PERSON is any word; CLASS is of WM_CLASS. Ends with 0 once it is so, as the X server
 * says; with 1 where windows of others are still seen or somebody holds a selection.
 */
#include "exits.h"
#include "windows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often it looks again, and how long it waits in between: a window manager needs a moment to let a window go. */
#define LOOKS 60
#define BETWEEN_LOOKS 5
/* A program may show again what was hidden: only what stays away for so many looks is away. */
#define LOOKS_AFTER 8

static void wait_a_little(void) {
  nanosleep(&(struct timespec){.tv_nsec = BETWEEN_LOOKS * 1000000L}, NULL);
}

static bool empty_selections(struct desktop *desktop) {
  static const char *const names[] = {"PRIMARY", "SECONDARY", "CLIPBOARD"};
  bool empty = true;
  for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
    const xcb_atom_t selection = desktop_atom(desktop, names[index]);
    xcb_set_selection_owner(desktop->x, XCB_NONE, selection, XCB_CURRENT_TIME);
    xcb_get_selection_owner_reply_t *reply =
        xcb_get_selection_owner_reply(desktop->x, xcb_get_selection_owner(desktop->x, selection), NULL);
    empty = empty && reply != NULL && reply->owner == XCB_NONE;
    free(reply);
  }
  /* What programs of another age still paste from. */
  for (xcb_atom_t buffer = XCB_ATOM_CUT_BUFFER0; buffer <= XCB_ATOM_CUT_BUFFER7; buffer++)
    for (int screen = 0; screen < desktop->roots; screen++)
      xcb_delete_property(desktop->x, desktop->root[screen], buffer);
  return empty;
}

static bool lock(struct desktop *desktop, const char *person, bool keep_clipboard) {
  const bool empty = keep_clipboard || empty_selections(desktop);
  desktop_look(desktop);
  desktop_mark(desktop, person);
  return empty;
}

/* False where nothing of others is left to put away. */
static bool put_away(struct desktop *desktop, const char *person, bool end) {
  bool found = false;
  for (int index = 0; index < desktop->count; index++) {
    const struct window *window = &desktop->windows[index];
    if (window->spared || strcmp(window->person, EVERYONE) == 0 || strcmp(window->person, person) == 0) continue;
    if (end) window_end(desktop, window);
    else if (window->viewable || window->managed) window_hide(desktop, window);
    else continue;
    found = true;
  }
  return found;
}

static bool unlock(struct desktop *desktop, const char *person, const char *before, bool end) {
  desktop_look(desktop);
  desktop_mark(desktop, before);
  for (int index = 0; index < desktop->count; index++)
    if (strcmp(desktop->windows[index].person, person) == 0) window_show(desktop, &desktop->windows[index]);
  for (int look = 0, quiet = 0; look < LOOKS; look++) {
    if (put_away(desktop, person, end)) quiet = 0;
    else if (look == 0 || ++quiet == LOOKS_AFTER) return true;
    wait_a_little();
    desktop_look(desktop);
    desktop_mark(desktop, before);
  }
  return false;
}

static int usage(void) {
  fprintf(stderr, "usage: sweep lock PERSON [--keep-clipboard]\n"
                  "       sweep unlock PERSON hide|end [--before PERSON] [--spare CLASS]...\n");
  return EXIT_USAGE;
}

int main(int argc, char **argv) {
  static struct desktop desktop;
  if (argc < 3 || strlen(argv[2]) > LONGEST_PERSON) return usage();
  const bool locks = strcmp(argv[1], "lock") == 0;
  const char *before = EVERYONE;
  bool keep_clipboard = false, end = false;
  int at = 3;
  if (!locks) {
    if (strcmp(argv[1], "unlock") != 0 || argc < 4) return usage();
    end = strcmp(argv[3], "end") == 0;
    if (!end && strcmp(argv[3], "hide") != 0) return usage();
    at = 4;
  }
  for (; at < argc; at++) {
    if (locks && strcmp(argv[at], "--keep-clipboard") == 0) keep_clipboard = true;
    else if (!locks && at + 1 < argc && strcmp(argv[at], "--before") == 0) before = argv[++at];
    else if (!locks && at + 1 < argc && strcmp(argv[at], "--spare") == 0 && desktop.spares < MOST_SPARES)
      desktop.spare[desktop.spares++] = argv[++at];
    else return usage();
  }
  if (strlen(before) > LONGEST_PERSON) return usage();
  if (!desktop_open(&desktop)) return fprintf(stderr, "sweep: there is no X server at DISPLAY\n"), EXIT_NO_DISPLAY;
  const bool done = locks ? lock(&desktop, argv[2], keep_clipboard) : unlock(&desktop, argv[2], before, end);
  /* Everything that was asked for has been done when this is answered. */
  free(xcb_get_input_focus_reply(desktop.x, xcb_get_input_focus(desktop.x), NULL));
  const bool alive = xcb_connection_has_error(desktop.x) == 0;
  xcb_disconnect(desktop.x);
  return done && alive ? 0 : 1;
}
