#include "cover.h"
#include <stdlib.h>
#include <string.h>
#include <xcb/composite.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>

/* No coordinate of X11 is larger. */
#define BOUNDLESS 32767

static bool has(xcb_connection_t *x, xcb_extension_t *extension) {
  const xcb_query_extension_reply_t *found = xcb_get_extension_data(x, extension);
  return found != NULL && found->present;
}

static uint32_t brand(const struct screen *screen) {
  return screen->info->root_depth >= 24 ? BRAND_PIXEL : screen->info->black_pixel;
}

static xcb_window_t make_window(struct cover *cover, const struct screen *screen, xcb_window_t parent,
                                const struct monitor *place, uint32_t events) {
  const xcb_window_t window = xcb_generate_id(cover->x);
  const uint32_t values[] = {brand(screen), 1, events};
  xcb_create_window(cover->x, XCB_COPY_FROM_PARENT, window, parent, place->x, place->y, place->width, place->height, 0,
                    XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                    XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
  return window;
}

static xcb_window_t query_overlay(struct cover *cover, const struct screen *screen) {
  xcb_composite_get_overlay_window_reply_t *reply = xcb_composite_get_overlay_window_reply(
      cover->x, xcb_composite_get_overlay_window(cover->x, screen->info->root), NULL);
  if (reply == NULL) return XCB_NONE;
  const xcb_window_t overlay = reply->overlay_win;
  free(reply);
  xcb_composite_release_overlay_window(cover->x, screen->info->root);
  return overlay;
}

static void open_screen(struct cover *cover, struct screen *screen, bool composite) {
  const uint32_t structure = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
  const struct monitor whole = {0, 0, screen->info->width_in_pixels, screen->info->height_in_pixels, true};
  screen->plain = make_window(cover, screen, screen->info->root, &whole, structure | XCB_EVENT_MASK_FOCUS_CHANGE);
  xcb_change_window_attributes(cover->x, screen->info->root, XCB_CW_EVENT_MASK,
                               (uint32_t[]){structure | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY});
  if (cover->has_randr)
    xcb_randr_select_input(cover->x, screen->info->root,
                           XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
                               XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
  if (composite) screen->overlay = query_overlay(cover, screen);
}

static bool has_composite(xcb_connection_t *x) {
  if (!has(x, &xcb_composite_id)) return false;
  xcb_composite_query_version_reply_t *reply =
      xcb_composite_query_version_reply(x, xcb_composite_query_version(x, 0, 4), NULL);
  const bool enough = reply != NULL && (reply->major_version > 0 || reply->minor_version >= 3);
  free(reply);
  return enough;
}

static bool has_monitors(xcb_connection_t *x) {
  if (!has(x, &xcb_randr_id)) return false;
  xcb_randr_query_version_reply_t *reply =
      xcb_randr_query_version_reply(x, xcb_randr_query_version(x, 1, 5), NULL);
  const bool enough = reply != NULL && (reply->major_version > 1 || reply->minor_version >= 5);
  free(reply);
  return enough;
}

bool cover_open(struct cover *cover) {
  memset(cover, 0, sizeof *cover);
  cover->x = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(cover->x)) return false;
  const xcb_setup_t *setup = xcb_get_setup(cover->x);
  cover->client = setup->resource_id_base;
  cover->client_mask = setup->resource_id_mask;
  cover->has_randr = has_monitors(cover->x);
  cover->has_saver = has(cover->x, &xcb_screensaver_id);
  if (cover->has_randr) cover->randr_event = xcb_get_extension_data(cover->x, &xcb_randr_id)->first_event;
  const bool composite = has_composite(cover->x);
  for (xcb_screen_iterator_t each = xcb_setup_roots_iterator(setup); each.rem > 0 && cover->count < MOST_SCREENS;
       xcb_screen_next(&each)) {
    struct screen *screen = &cover->screens[cover->count++];
    screen->info = each.data;
    open_screen(cover, screen, composite);
  }
  cover_measure(cover);
  return !xcb_connection_has_error(cover->x);
}

static void measure(struct cover *cover, struct screen *screen) {
  memset(screen->monitors, 0, sizeof screen->monitors);
  screen->count = 0;
  xcb_randr_get_monitors_reply_t *reply =
      cover->has_randr
          ? xcb_randr_get_monitors_reply(cover->x, xcb_randr_get_monitors(cover->x, screen->info->root, 1), NULL)
          : NULL;
  if (reply != NULL) {
    for (xcb_randr_monitor_info_iterator_t each = xcb_randr_get_monitors_monitors_iterator(reply);
         each.rem > 0 && screen->count < MOST_MONITORS; xcb_randr_monitor_info_next(&each)) {
      const xcb_randr_monitor_info_t *found = each.data;
      screen->monitors[screen->count++] =
          (struct monitor){found->x, found->y, found->width, found->height, found->primary != 0};
    }
    free(reply);
  }
  if (screen->count == 0) {
    xcb_get_geometry_reply_t *root =
        xcb_get_geometry_reply(cover->x, xcb_get_geometry(cover->x, screen->info->root), NULL);
    if (root == NULL) return;
    screen->monitors[screen->count++] = (struct monitor){0, 0, root->width, root->height, true};
    free(root);
  }
}

bool cover_measure(struct cover *cover) {
  bool changed = false;
  for (int index = 0; index < cover->count; index++) {
    struct screen *screen = &cover->screens[index];
    struct monitor before[MOST_MONITORS];
    memcpy(before, screen->monitors, sizeof before);
    const int count = screen->count;
    measure(cover, screen);
    if (count == screen->count && memcmp(before, screen->monitors, sizeof before) == 0) continue;
    changed = true;
    uint16_t width = 0, height = 0;
    for (int each = 0; each < screen->count; each++) {
      const struct monitor *at = &screen->monitors[each];
      if (at->x + at->width > width) width = (uint16_t)(at->x + at->width);
      if (at->y + at->height > height) height = (uint16_t)(at->y + at->height);
    }
    xcb_get_geometry_reply_t *root =
        xcb_get_geometry_reply(cover->x, xcb_get_geometry(cover->x, screen->info->root), NULL);
    if (root != NULL) {
      if (root->width > width) width = root->width;
      if (root->height > height) height = root->height;
      free(root);
    }
    xcb_configure_window(cover->x, screen->plain, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                         (uint32_t[]){width, height});
  }
  return changed;
}

/* A pane on each monitor, with the card in its middle. */
static void furnish(struct cover *cover, struct screen *screen) {
  const xcb_window_t parent = screen->top != XCB_NONE ? screen->top : screen->plain;
  for (int index = 0; index < MOST_MONITORS; index++) {
    if (screen->panes[index] != XCB_NONE) xcb_destroy_window(cover->x, screen->panes[index]);
    screen->panes[index] = XCB_NONE;
    if (index >= screen->count) continue;
    const struct monitor *at = &screen->monitors[index];
    screen->panes[index] = make_window(cover, screen, parent, at, 0);
    const struct monitor middle = {(int16_t)((at->width - CARD_WIDTH) / 2), (int16_t)((at->height - CARD_HEIGHT) / 2),
                                   CARD_WIDTH, CARD_HEIGHT, false};
    const xcb_window_t card = make_window(cover, screen, screen->panes[index], &middle, 0);
    if (screen->card != XCB_NONE)
      xcb_change_window_attributes(cover->x, card, XCB_CW_BACK_PIXMAP, (uint32_t[]){screen->card});
    xcb_map_window(cover->x, card);
    xcb_map_window(cover->x, screen->panes[index]);
  }
}

static void stack(struct cover *cover, xcb_window_t window, bool holder, xcb_window_t twin) {
  const uint32_t mode = holder || twin == XCB_NONE ? XCB_STACK_MODE_ABOVE : XCB_STACK_MODE_BELOW;
  const bool beside = mode == XCB_STACK_MODE_BELOW;
  xcb_configure_window(cover->x, window,
                       XCB_CONFIG_WINDOW_STACK_MODE | (beside ? XCB_CONFIG_WINDOW_SIBLING : 0),
                       beside ? (uint32_t[]){twin, mode} : (uint32_t[]){mode, 0});
}

void cover_raise(struct cover *cover, bool holder, xcb_window_t twin_plain, xcb_window_t twin_top) {
  static const struct monitor everything = {0, 0, BOUNDLESS, BOUNDLESS, true};
  for (int index = 0; index < cover->count; index++) {
    struct screen *screen = &cover->screens[index];
    if (screen->overlay != XCB_NONE && screen->top == XCB_NONE) {
      /* The server has one overlay for as long as it runs: its name is known, so nothing is waited for here. */
      xcb_discard_reply(cover->x, xcb_composite_get_overlay_window(cover->x, screen->info->root).sequence);
      screen->top = make_window(cover, screen, screen->overlay, &everything, XCB_EVENT_MASK_STRUCTURE_NOTIFY);
      xcb_map_window(cover->x, screen->top);
      memset(screen->panes, 0, sizeof screen->panes);
    }
    if (screen->top != XCB_NONE) stack(cover, screen->top, holder, index == 0 ? twin_top : XCB_NONE);
    xcb_map_window(cover->x, screen->plain);
    stack(cover, screen->plain, holder, index == 0 ? twin_plain : XCB_NONE);
  }
  xcb_flush(cover->x);
  for (int index = 0; index < cover->count; index++) furnish(cover, &cover->screens[index]);
  xcb_flush(cover->x);
  cover->up = true;
}

void cover_lift(struct cover *cover) {
  for (int index = 0; index < cover->count; index++) {
    if (cover->screens[index].top != XCB_NONE) stack(cover, cover->screens[index].top, true, XCB_NONE);
    stack(cover, cover->screens[index].plain, true, XCB_NONE);
  }
  xcb_flush(cover->x);
}

void cover_drop(struct cover *cover) {
  for (int index = 0; index < cover->count; index++) {
    struct screen *screen = &cover->screens[index];
    if (screen->top != XCB_NONE) {
      xcb_destroy_window(cover->x, screen->top);
      xcb_composite_release_overlay_window(cover->x, screen->info->root);
      screen->top = XCB_NONE;
      memset(screen->panes, 0, sizeof screen->panes);
    }
    xcb_unmap_window(cover->x, screen->plain);
  }
  xcb_flush(cover->x);
  cover->up = false;
}

static bool is_viewable(struct cover *cover, xcb_window_t window) {
  xcb_get_window_attributes_reply_t *reply =
      xcb_get_window_attributes_reply(cover->x, xcb_get_window_attributes(cover->x, window), NULL);
  const bool viewable = reply != NULL && reply->map_state == XCB_MAP_STATE_VIEWABLE;
  free(reply);
  return viewable;
}

bool cover_is_whole(struct cover *cover) {
  if (!cover->up) return false;
  for (int index = 0; index < cover->count; index++) {
    const struct screen *screen = &cover->screens[index];
    if (!is_viewable(cover, screen->plain)) return false;
    if (screen->top != XCB_NONE && !is_viewable(cover, screen->top)) return false;
  }
  return cover->count > 0;
}

void cover_show_cards(struct cover *cover) {
  for (int index = 0; index < cover->count; index++) furnish(cover, &cover->screens[index]);
  xcb_flush(cover->x);
}

int cover_count_monitors(const struct cover *cover) {
  int sum = 0;
  for (int index = 0; index < cover->count; index++) sum += cover->screens[index].count;
  return sum;
}

xcb_window_t cover_stage(const struct cover *cover, const struct monitor **monitor) {
  if (cover->count == 0 || cover->screens[0].count == 0) return XCB_NONE;
  const struct screen *screen = &cover->screens[0];
  int chosen = 0;
  for (int index = 0; index < screen->count; index++)
    if (screen->monitors[index].primary) chosen = index;
  *monitor = &screen->monitors[chosen];
  return cover->up ? screen->panes[chosen] : XCB_NONE;
}

bool cover_owns(const struct cover *cover, xcb_window_t window) {
  return (window & ~cover->client_mask) == cover->client;
}
