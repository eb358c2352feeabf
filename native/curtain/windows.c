#define _GNU_SOURCE
#include "windows.h"
#include <stdlib.h>
#include <string.h>

/* Frames of window managers are no deeper. */
#define DEEPEST 3

bool desktop_open(struct desktop *desktop) {
  desktop->x = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(desktop->x) != 0) return false;
  const xcb_setup_t *setup = xcb_get_setup(desktop->x);
  desktop->client_mask = setup->resource_id_mask;
  const int most = (int)(sizeof desktop->root / sizeof *desktop->root);
  for (xcb_screen_iterator_t each = xcb_setup_roots_iterator(setup); each.rem > 0 && desktop->roots < most;
       xcb_screen_next(&each))
    desktop->root[desktop->roots++] = each.data->root;
  return true;
}

xcb_atom_t desktop_atom(struct desktop *desktop, const char *name) {
  for (int index = 0; index < desktop->atom_count; index++)
    if (strcmp(desktop->atoms[index].name, name) == 0) return desktop->atoms[index].atom;
  xcb_intern_atom_reply_t *reply =
      xcb_intern_atom_reply(desktop->x, xcb_intern_atom(desktop->x, 0, (uint16_t)strlen(name), name), NULL);
  const xcb_atom_t found = reply == NULL ? XCB_NONE : reply->atom;
  free(reply);
  if (found != XCB_NONE && desktop->atom_count < MOST_ATOMS) {
    desktop->atoms[desktop->atom_count].name = name;
    desktop->atoms[desktop->atom_count++].atom = found;
  }
  return found;
}

/* The value of a property; NULL where there is none. To be freed. */
static xcb_get_property_reply_t *read_property(struct desktop *desktop, xcb_window_t window, const char *name) {
  xcb_get_property_reply_t *reply = xcb_get_property_reply(
      desktop->x,
      xcb_get_property(desktop->x, 0, window, desktop_atom(desktop, name), XCB_GET_PROPERTY_TYPE_ANY, 0, 64), NULL);
  if (reply != NULL && reply->type == XCB_NONE) free(reply), reply = NULL;
  return reply;
}

/* WM_STATE (ICCCM 4.1.3.1): a window manager has the window, shown or iconified. */
static bool is_managed(struct desktop *desktop, xcb_window_t window) {
  xcb_get_property_reply_t *reply = read_property(desktop, window, "WM_STATE");
  const bool managed = reply != NULL && reply->format == 32 && xcb_get_property_value_length(reply) >= 4 &&
                       *(const uint32_t *)xcb_get_property_value(reply) != 0;
  free(reply);
  return managed;
}

static bool has_property(struct desktop *desktop, xcb_window_t window, const char *name) {
  xcb_get_property_reply_t *reply = read_property(desktop, window, name);
  free(reply);
  return reply != NULL;
}

static void read_person(struct desktop *desktop, struct window *window) {
  xcb_get_property_reply_t *reply = read_property(desktop, window->id, "_KAZASU_PERSON");
  window->person[0] = '\0';
  if (reply == NULL) return;
  const int length = xcb_get_property_value_length(reply);
  if (reply->format == 8 && length <= LONGEST_PERSON) {
    memcpy(window->person, xcb_get_property_value(reply), (size_t)length);
    window->person[length] = '\0';
  }
  free(reply);
}

/* WM_CLASS (ICCCM 4.1.2.5): two words, each with its zero. */
static bool has_spared_class(struct desktop *desktop, xcb_window_t window) {
  xcb_get_property_reply_t *reply = read_property(desktop, window, "WM_CLASS");
  if (reply == NULL) return false;
  const char *value = xcb_get_property_value(reply);
  const size_t length = (size_t)xcb_get_property_value_length(reply);
  bool found = false;
  for (size_t from = 0; from < length && !found; from += strnlen(value + from, length - from) + 1)
    for (int index = 0; index < desktop->spares; index++) {
      const size_t word = strnlen(value + from, length - from);
      found = found || (strlen(desktop->spare[index]) == word && memcmp(desktop->spare[index], value + from, word) == 0);
    }
  free(reply);
  return found;
}

/* Panels and backgrounds (EWMH, _NET_WM_WINDOW_TYPE). */
static bool is_furniture(struct desktop *desktop, xcb_window_t window) {
  xcb_get_property_reply_t *reply = read_property(desktop, window, "_NET_WM_WINDOW_TYPE");
  if (reply == NULL) return false;
  const xcb_atom_t dock = desktop_atom(desktop, "_NET_WM_WINDOW_TYPE_DOCK");
  const xcb_atom_t background = desktop_atom(desktop, "_NET_WM_WINDOW_TYPE_DESKTOP");
  const xcb_atom_t *types = xcb_get_property_value(reply);
  const int count = reply->format == 32 ? xcb_get_property_value_length(reply) / 4 : 0;
  bool found = false;
  for (int index = 0; index < count; index++) found = found || types[index] == dock || types[index] == background;
  free(reply);
  return found;
}

/* The window that a program made, in the frame that a window manager put around it. */
static xcb_window_t find_framed(struct desktop *desktop, xcb_window_t window, int depth) {
  if (has_property(desktop, window, "WM_STATE")) return window;
  if (depth == DEEPEST) return XCB_NONE;
  xcb_query_tree_reply_t *tree = xcb_query_tree_reply(desktop->x, xcb_query_tree(desktop->x, window), NULL);
  xcb_window_t found = XCB_NONE;
  for (int child = 0; tree != NULL && child < xcb_query_tree_children_length(tree) && found == XCB_NONE; child++)
    found = find_framed(desktop, xcb_query_tree_children(tree)[child], depth + 1);
  free(tree);
  return found;
}

static void take(struct desktop *desktop, xcb_window_t top) {
  if (desktop->count == MOST_WINDOWS) return;
  const xcb_window_t framed = find_framed(desktop, top, 0);
  struct window *window = &desktop->windows[desktop->count];
  *window = (struct window){.id = framed == XCB_NONE ? top : framed};
  window->managed = is_managed(desktop, window->id);
  window->client = window->id & ~desktop->client_mask;
  xcb_get_window_attributes_reply_t *about =
      xcb_get_window_attributes_reply(desktop->x, xcb_get_window_attributes(desktop->x, window->id), NULL);
  if (about == NULL) return;
  window->viewable = about->map_state == XCB_MAP_STATE_VIEWABLE;
  window->unmanaged = about->override_redirect && framed == XCB_NONE;
  const bool invisible = about->_class == XCB_WINDOW_CLASS_INPUT_ONLY;
  free(about);
  read_person(desktop, window);
  window->hidden = has_property(desktop, window->id, "_KAZASU_HIDDEN");
  /* Windows that are made and never shown are of no interest. */
  if (invisible || !(window->viewable || window->managed || window->hidden)) return;
  window->spared = has_spared_class(desktop, window->id) || is_furniture(desktop, window->id);
  desktop->count++;
}

/* A client that has nothing but windows without a manager is part of the desktop, or a curtain. */
static bool has_ordinary_window(const struct desktop *desktop, uint32_t client) {
  for (int index = 0; index < desktop->count; index++)
    if (desktop->windows[index].client == client && !desktop->windows[index].unmanaged) return true;
  return false;
}

void desktop_look(struct desktop *desktop) {
  desktop->count = 0;
  for (int screen = 0; screen < desktop->roots; screen++) {
    xcb_query_tree_reply_t *tree =
        xcb_query_tree_reply(desktop->x, xcb_query_tree(desktop->x, desktop->root[screen]), NULL);
    for (int child = 0; tree != NULL && child < xcb_query_tree_children_length(tree); child++)
      take(desktop, xcb_query_tree_children(tree)[child]);
    free(tree);
  }
  int kept = 0;
  for (int index = 0; index < desktop->count; index++) {
    const struct window window = desktop->windows[index];
    if (!window.unmanaged || has_ordinary_window(desktop, window.client)) desktop->windows[kept++] = window;
  }
  desktop->count = kept;
}

static const char *person_of_client(const struct desktop *desktop, uint32_t client) {
  for (int index = 0; index < desktop->count; index++)
    if (desktop->windows[index].client == client && desktop->windows[index].person[0] != '\0')
      return desktop->windows[index].person;
  return NULL;
}

void desktop_mark(struct desktop *desktop, const char *person) {
  for (int index = 0; index < desktop->count; index++) {
    struct window *window = &desktop->windows[index];
    if (window->person[0] != '\0') continue;
    const char *known = person_of_client(desktop, window->client);
    const char *whose = known == NULL ? person : known;
    memccpy(window->person, whose, '\0', sizeof window->person);
    xcb_change_property(desktop->x, XCB_PROP_MODE_REPLACE, window->id, desktop_atom(desktop, "_KAZASU_PERSON"),
                        XCB_ATOM_STRING, 8, (uint32_t)strlen(whose), whose);
  }
}

void window_hide(struct desktop *desktop, const struct window *window) {
  const uint32_t yes = 1;
  xcb_change_property(desktop->x, XCB_PROP_MODE_REPLACE, window->id, desktop_atom(desktop, "_KAZASU_HIDDEN"),
                      XCB_ATOM_CARDINAL, 32, 1, &yes);
  xcb_unmap_window(desktop->x, window->id);
  /* So that a window manager lets an iconified one go, too (ICCCM 4.1.4). */
  for (int screen = 0; screen < desktop->roots; screen++) {
    const xcb_unmap_notify_event_t gone = {
        .response_type = XCB_UNMAP_NOTIFY, .event = desktop->root[screen], .window = window->id};
    char event[32] = {0};
    memcpy(event, &gone, sizeof gone);
    xcb_send_event(desktop->x, 0, desktop->root[screen],
                   XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, event);
  }
  xcb_flush(desktop->x);
}

void window_show(struct desktop *desktop, const struct window *window) {
  if (!window->hidden) return;
  xcb_delete_property(desktop->x, window->id, desktop_atom(desktop, "_KAZASU_HIDDEN"));
  xcb_map_window(desktop->x, window->id);
  xcb_flush(desktop->x);
}

void window_end(struct desktop *desktop, const struct window *window) {
  xcb_kill_client(desktop->x, window->id);
  xcb_flush(desktop->x);
}
