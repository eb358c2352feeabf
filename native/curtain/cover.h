#ifndef KAZASU_COVER_H
#define KAZASU_COVER_H
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

#define MOST_SCREENS 4
#define MOST_MONITORS 8
/* #08192b, as the pages of the screen. */
#define BRAND_PIXEL 0x08192b
#define CARD_WIDTH 1080
#define CARD_HEIGHT 620

struct monitor {
  int16_t x, y;
  uint16_t width, height;
  bool primary;
};

/* One X screen: all monitors of one root window. */
struct screen {
  xcb_screen_t *info;
  /* Lies on the root above every window; made once. It also has the keyboard and pointer. */
  xcb_window_t plain;
  /* The composite overlay, above whatever a compositing manager draws; 0 where there is none. */
  xcb_window_t overlay;
  /* The cover in it, larger than any display can become; 0 while open. */
  xcb_window_t top;
  xcb_window_t panes[MOST_MONITORS];
  struct monitor monitors[MOST_MONITORS];
  int count;
  /* The text that the curtain draws by itself. */
  xcb_pixmap_t card;
};

struct cover {
  xcb_connection_t *x;
  struct screen screens[MOST_SCREENS];
  int count;
  uint8_t randr_event;
  bool has_randr, has_saver;
  bool up;
  uint32_t client, client_mask;
};

/* False without a display. The screens are not covered yet. */
bool cover_open(struct cover *cover);
/* Covers everything; above the other curtain when this one is the holder, else right below it. */
void cover_raise(struct cover *cover, bool holder, xcb_window_t twin_plain, xcb_window_t twin_top);
/* Puts it above the other curtain's again. */
void cover_lift(struct cover *cover);
void cover_drop(struct cover *cover);
/* Asks the server whether every screen is covered. */
bool cover_is_whole(struct cover *cover);
/* Learns the monitors anew; true when they are others than before. */
bool cover_measure(struct cover *cover);
void cover_show_cards(struct cover *cover);
int cover_count_monitors(const struct cover *cover);
/* The pane on which the painter shows the screen, with its monitor; 0 when there is none. */
xcb_window_t cover_stage(const struct cover *cover, const struct monitor **monitor);
bool cover_owns(const struct cover *cover, xcb_window_t window);
#endif
