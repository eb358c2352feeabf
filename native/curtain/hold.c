#include "hold.h"
#include <stdlib.h>
#include <xcb/res.h>

#define POINTER_EVENTS (XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_POINTER_MOTION)
/* Windows that are looked at one below the other, and names that a client is likely to have used. */
#define MOST_WINDOWS 1024
#define LIKELY_NAMES 16
/* Of the server's own cursor font. */
#define LEFT_POINTER 68

void hold_start(struct hold *hold, struct cover *cover) {
  const xcb_font_t font = xcb_generate_id(cover->x);
  hold->cursor = xcb_generate_id(cover->x);
  xcb_open_font(cover->x, font, 6, "cursor");
  xcb_generic_error_t *refused = xcb_request_check(
      cover->x, xcb_create_glyph_cursor_checked(cover->x, hold->cursor, font, font, LEFT_POINTER, LEFT_POINTER + 1,
                                                0xffff, 0xffff, 0xffff, 0, 0, 0));
  if (refused != NULL) hold->cursor = XCB_NONE;
  free(refused);
  xcb_close_font(cover->x, font);
}

bool hold_take(struct hold *hold, struct cover *cover) {
  const xcb_window_t window = cover->screens[0].plain;
  const xcb_grab_keyboard_cookie_t keys = xcb_grab_keyboard(cover->x, 0, window, XCB_CURRENT_TIME,
                                                            XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC);
  const xcb_grab_pointer_cookie_t points =
      xcb_grab_pointer(cover->x, 0, window, POINTER_EVENTS, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC, XCB_NONE,
                       hold->cursor, XCB_CURRENT_TIME);
  xcb_grab_keyboard_reply_t *key_reply = xcb_grab_keyboard_reply(cover->x, keys, NULL);
  xcb_grab_pointer_reply_t *point_reply = xcb_grab_pointer_reply(cover->x, points, NULL);
  const bool both = key_reply != NULL && key_reply->status == XCB_GRAB_STATUS_SUCCESS && point_reply != NULL &&
                    point_reply->status == XCB_GRAB_STATUS_SUCCESS;
  free(key_reply);
  free(point_reply);
  return both;
}

void hold_release(struct cover *cover) {
  xcb_ungrab_keyboard(cover->x, XCB_CURRENT_TIME);
  xcb_ungrab_pointer(cover->x, XCB_CURRENT_TIME);
}

static bool is_foreign(const struct cover *cover, xcb_window_t window, uint32_t twin) {
  const uint32_t client = window & ~cover->client_mask;
  return client != 0 && client != cover->client && client != twin;
}

/* Windows of others: the children of the roots, and what lies below those. */
static int list_foreign(struct cover *cover, uint32_t twin, xcb_window_t *found, bool deep) {
  int count = 0;
  for (int index = 0; index < cover->count; index++) found[count++] = cover->screens[index].info->root;
  const int roots = count;
  for (int next = 0; next < (deep ? count : roots) && count < MOST_WINDOWS; next++) {
    xcb_query_tree_reply_t *tree = xcb_query_tree_reply(cover->x, xcb_query_tree(cover->x, found[next]), NULL);
    if (tree == NULL) continue;
    const xcb_window_t *children = xcb_query_tree_children(tree);
    for (int child = 0; child < xcb_query_tree_children_length(tree) && count < MOST_WINDOWS; child++)
      if (is_foreign(cover, children[child], twin)) found[count++] = children[child];
    free(tree);
  }
  for (int index = roots; index < count; index++) found[index - roots] = found[index];
  return count - roots;
}

bool hold_force(struct hold *hold, struct cover *cover, uint32_t twin) {
  static xcb_window_t others[MOST_WINDOWS];
  static enum { HIDDEN, MANAGED, UNMANAGED } shown[MOST_WINDOWS];
  xcb_grab_server(cover->x);
  const int count = list_foreign(cover, twin, others, false);
  for (int index = 0; index < count; index++) {
    xcb_get_window_attributes_reply_t *about =
        xcb_get_window_attributes_reply(cover->x, xcb_get_window_attributes(cover->x, others[index]), NULL);
    const bool viewable = about != NULL && about->map_state == XCB_MAP_STATE_VIEWABLE;
    shown[index] = !viewable ? HIDDEN : about->override_redirect ? UNMANAGED : MANAGED;
    free(about);
    if (viewable) xcb_unmap_window(cover->x, others[index]);
  }
  const bool both = hold_take(hold, cover);
  for (int index = 0; index < count; index++) {
    if (shown[index] == HIDDEN) continue;
    /* The window manager would be asked first, and does not know why. */
    xcb_change_window_attributes(cover->x, others[index], XCB_CW_OVERRIDE_REDIRECT, (uint32_t[]){1});
    xcb_map_window(cover->x, others[index]);
    xcb_change_window_attributes(cover->x, others[index], XCB_CW_OVERRIDE_REDIRECT,
                                 (uint32_t[]){shown[index] == UNMANAGED});
  }
  xcb_ungrab_server(cover->x);
  xcb_flush(cover->x);
  return both;
}

static bool has_window(const struct cover *cover, uint32_t client, const xcb_window_t *windows, int count) {
  for (int index = 0; index < count; index++)
    if ((windows[index] & ~cover->client_mask) == client) return true;
  return false;
}

static bool kill_windowless(struct hold *hold, struct cover *cover, uint32_t twin, const xcb_window_t *windows,
                            int count) {
  xcb_res_query_clients_reply_t *all =
      xcb_res_query_clients_reply(cover->x, xcb_res_query_clients(cover->x), NULL);
  bool both = false;
  for (xcb_res_client_iterator_t each = {0}; all != NULL && !both; xcb_res_client_next(&each)) {
    if (each.data == NULL) each = xcb_res_query_clients_clients_iterator(all);
    if (each.rem == 0) break;
    const uint32_t client = each.data->resource_base;
    if (!is_foreign(cover, client, twin) || has_window(cover, client, windows, count)) continue;
    /* Any name of its own will do: the first that it was given are likely to be in use. */
    for (uint32_t name = 0; name < LIKELY_NAMES; name++) xcb_kill_client(cover->x, client + name);
    both = hold_take(hold, cover);
  }
  free(all);
  return both;
}

bool hold_kill(struct hold *hold, struct cover *cover, uint32_t twin) {
  static xcb_window_t others[MOST_WINDOWS];
  const int count = list_foreign(cover, twin, others, true);
  /* First who has no window: the work of somebody is not lost to a program that only wants the keyboard. */
  if (kill_windowless(hold, cover, twin, others, count)) return true;
  uint32_t last = 0;
  for (int index = 0; index < count; index++) {
    const uint32_t client = others[index] & ~cover->client_mask;
    if (client == last) continue;
    last = client;
    xcb_kill_client(cover->x, others[index]);
    if (hold_take(hold, cover)) return true;
  }
  return false;
}
