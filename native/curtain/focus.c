#define _GNU_SOURCE
#include "focus.h"
#include <stdlib.h>

void focus_take(const struct cover *cover, const struct twin *twin) {
  /* The other one's, as long as it lives: what the server does with it when the holder dies must not matter. */
  if (twin_holds(twin) && twin->watched != 0) return;
  xcb_set_input_focus(cover->x, XCB_INPUT_FOCUS_NONE, cover->screens[0].plain, XCB_CURRENT_TIME);
}

static bool has_focus(const struct cover *cover) {
  xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(cover->x, xcb_get_input_focus(cover->x), NULL);
  const bool own = reply != NULL && reply->focus == cover->screens[0].plain;
  free(reply);
  return own;
}

bool focus_keep(const struct cover *cover, const struct twin *twin) {
  if (twin_holds(twin) || has_focus(cover)) return true;
  focus_take(cover, twin);
  return has_focus(cover);
}

void focus_remember(const struct cover *cover, const struct twin *twin) {
  xcb_get_input_focus_reply_t *reply = xcb_get_input_focus_reply(cover->x, xcb_get_input_focus(cover->x), NULL);
  if (reply == NULL) return;
  const uint32_t client = reply->focus & ~cover->client_mask;
  if (reply->focus != XCB_NONE && client != cover->client && client != twin->other->client)
    twin->shared->former_focus = reply->focus;
  free(reply);
}

void focus_give_back(const struct cover *cover, const struct twin *twin) {
  xcb_set_input_focus(cover->x, XCB_INPUT_FOCUS_POINTER_ROOT, XCB_INPUT_FOCUS_POINTER_ROOT, XCB_CURRENT_TIME);
  const xcb_window_t former = twin->shared->former_focus;
  /* It may be gone; then the request fails and the pointer decides. */
  if (former > XCB_INPUT_FOCUS_POINTER_ROOT)
    xcb_set_input_focus(cover->x, XCB_INPUT_FOCUS_POINTER_ROOT, former, XCB_CURRENT_TIME);
}
