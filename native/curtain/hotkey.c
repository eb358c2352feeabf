#include "hotkey.h"
#include <stdlib.h>

#define LETTER_L 0x6c
#define WANTED (XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1)

static xcb_keycode_t find_key(xcb_connection_t *x, xcb_keysym_t wanted) {
  const xcb_setup_t *setup = xcb_get_setup(x);
  const uint8_t count = (uint8_t)(setup->max_keycode - setup->min_keycode + 1);
  xcb_get_keyboard_mapping_reply_t *reply =
      xcb_get_keyboard_mapping_reply(x, xcb_get_keyboard_mapping(x, setup->min_keycode, count), NULL);
  if (reply == NULL || reply->keysyms_per_keycode == 0) return free(reply), 0;
  const xcb_keysym_t *symbols = xcb_get_keyboard_mapping_keysyms(reply);
  xcb_keycode_t found = 0;
  for (int key = 0; key < count && found == 0; key++)
    if (symbols[key * reply->keysyms_per_keycode] == wanted) found = (xcb_keycode_t)(setup->min_keycode + key);
  free(reply);
  return found;
}

void hotkey_grab(struct hotkey *hotkey, struct cover *cover) {
  /* With Caps Lock and Num Lock, too. The other curtain may have it already; then this fails until it is gone. */
  static const uint16_t extra[] = {0, XCB_MOD_MASK_LOCK, XCB_MOD_MASK_2, XCB_MOD_MASK_LOCK | XCB_MOD_MASK_2};
  hotkey->code = find_key(cover->x, LETTER_L);
  if (hotkey->code == 0) return;
  for (int screen = 0; screen < cover->count; screen++)
    for (size_t index = 0; index < sizeof extra / sizeof *extra; index++)
      xcb_grab_key(cover->x, 0, cover->screens[screen].info->root, WANTED | extra[index], hotkey->code,
                   XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC);
  xcb_flush(cover->x);
}

bool hotkey_is(const struct hotkey *hotkey, const xcb_key_press_event_t *press) {
  return press->detail == hotkey->code && (press->state & WANTED) == WANTED;
}
