#ifndef KAZASU_HOTKEY_H
#define KAZASU_HOTKEY_H
#include "cover.h"

/* Ctrl+Alt+L locks an open desktop, whatever window has the keyboard. */
struct hotkey {
  xcb_keycode_t code;
};

void hotkey_grab(struct hotkey *hotkey, struct cover *cover);
bool hotkey_is(const struct hotkey *hotkey, const xcb_key_press_event_t *press);
#endif
