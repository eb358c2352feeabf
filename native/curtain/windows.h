#ifndef KAZASU_WINDOWS_H
#define KAZASU_WINDOWS_H
/* The windows that people have on a desktop, and whose they are. */
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

#define MOST_WINDOWS 1024
#define MOST_SPARES 32
#define LONGEST_PERSON 64
#define MOST_ATOMS 16
/* Whose windows are that were there before anybody came. */
#define EVERYONE "everyone"

struct window {
  xcb_window_t id;
  /* The client that made it, by the base of its names. */
  uint32_t client;
  /* Empty where nobody has marked it. */
  char person[LONGEST_PERSON + 1];
  bool viewable;
  /* A window manager has it: it is shown or iconified. */
  bool managed;
  /* No window manager touches it: a menu, a tooltip. */
  bool unmanaged;
  /* Hidden here, until its person is back. */
  bool hidden;
  /* The desktop's own: a panel, a background, what the hospital wants to stay. */
  bool spared;
};

struct desktop {
  xcb_connection_t *x;
  xcb_window_t root[8];
  int roots;
  uint32_t client_mask;
  /* Names that were asked for already: the server need not be asked again. */
  struct {
    const char *name;
    xcb_atom_t atom;
  } atoms[MOST_ATOMS];
  int atom_count;
  const char *spare[MOST_SPARES];
  int spares;
  struct window windows[MOST_WINDOWS];
  int count;
};

bool desktop_open(struct desktop *desktop);
/* The name must live as long as the desktop. */
xcb_atom_t desktop_atom(struct desktop *desktop, const char *name);
/* Lists the windows anew. Those of clients that have nothing but unmanaged windows, as curtains do, are left out. */
void desktop_look(struct desktop *desktop);
/* Marks every unmarked window: as its client's others are, else as this person's. */
void desktop_mark(struct desktop *desktop, const char *person);
void window_hide(struct desktop *desktop, const struct window *window);
/* Shows what was hidden here; nothing else. */
void window_show(struct desktop *desktop, const struct window *window);
/* Ends the connection of its client: the X server takes all its windows away. */
void window_end(struct desktop *desktop, const struct window *window);
#endif
