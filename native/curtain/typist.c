#include "typist.h"
#include <stdlib.h>
#include <xcb/xtest.h>

#define BUTTONS 9

void typist_start(struct typist *typist, xcb_connection_t *real, xcb_connection_t *own, xcb_window_t own_root) {
  *typist = (struct typist){real, own, own_root};
  /* The real keyboard repeats; a second repetition on top would type by itself. */
  xcb_change_keyboard_control(own, XCB_KB_AUTO_REPEAT_MODE, (uint32_t[]){XCB_AUTO_REPEAT_MODE_OFF});
  typist_learn(typist);
  typist_let_go(typist);
}

void typist_learn(struct typist *typist) {
  const xcb_setup_t *setup = xcb_get_setup(typist->real);
  const uint8_t first = setup->min_keycode, count = (uint8_t)(setup->max_keycode - setup->min_keycode + 1);
  xcb_get_keyboard_mapping_reply_t *keys =
      xcb_get_keyboard_mapping_reply(typist->real, xcb_get_keyboard_mapping(typist->real, first, count), NULL);
  xcb_get_modifier_mapping_reply_t *modifiers =
      xcb_get_modifier_mapping_reply(typist->real, xcb_get_modifier_mapping(typist->real), NULL);
  if (keys != NULL && keys->keysyms_per_keycode > 0)
    xcb_change_keyboard_mapping(typist->own, count, first, keys->keysyms_per_keycode,
                                xcb_get_keyboard_mapping_keysyms(keys));
  if (modifiers != NULL)
    free(xcb_set_modifier_mapping_reply(
        typist->own,
        xcb_set_modifier_mapping(typist->own, modifiers->keycodes_per_modifier,
                                 xcb_get_modifier_mapping_keycodes(modifiers)),
        NULL));
  free(keys);
  free(modifiers);
}

static void fake(struct typist *typist, uint8_t type, uint8_t detail, int16_t x, int16_t y) {
  xcb_test_fake_input(typist->own, type, detail, XCB_CURRENT_TIME, typist->root, x, y, 0);
  xcb_flush(typist->own);
}

void typist_key(struct typist *typist, uint8_t code, bool pressed) {
  fake(typist, pressed ? XCB_KEY_PRESS : XCB_KEY_RELEASE, code, 0, 0);
}

void typist_button(struct typist *typist, uint8_t code, bool pressed) {
  fake(typist, pressed ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, code, 0, 0);
}

void typist_move(struct typist *typist, int16_t x, int16_t y) { fake(typist, XCB_MOTION_NOTIFY, 0, x, y); }

void typist_let_go(struct typist *typist) {
  xcb_query_keymap_reply_t *down = xcb_query_keymap_reply(typist->own, xcb_query_keymap(typist->own), NULL);
  for (int code = 8; down != NULL && code < 256; code++)
    if ((down->keys[code / 8] >> (code % 8) & 1) != 0) typist_key(typist, (uint8_t)code, false);
  free(down);
  for (uint8_t button = 1; button <= BUTTONS; button++) typist_button(typist, button, false);
}
