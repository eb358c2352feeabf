#ifndef KAZASU_TYPIST_H
#define KAZASU_TYPIST_H
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

/* Carries keys and pointer from the real display to the private one. */
struct typist {
  xcb_connection_t *real, *own;
  xcb_window_t root;
};

void typist_start(struct typist *typist, xcb_connection_t *real, xcb_connection_t *own, xcb_window_t own_root);
/* Gives the private keyboard the letters of the real one. */
void typist_learn(struct typist *typist);
void typist_key(struct typist *typist, uint8_t code, bool pressed);
void typist_button(struct typist *typist, uint8_t code, bool pressed);
void typist_move(struct typist *typist, int16_t x, int16_t y);
/* Lets go of whatever is still pressed: its release may have gone elsewhere. */
void typist_let_go(struct typist *typist);
#endif
