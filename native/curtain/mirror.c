#define _GNU_SOURCE
#include "mirror.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xcb/shm.h>

#define DEPTH 24
#define INPUT_EVENTS                                                                                        \
  (XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_POINTER_MOTION | \
   XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_VISIBILITY_CHANGE)

static bool can_share(xcb_connection_t *x) {
  const xcb_query_extension_reply_t *found = xcb_get_extension_data(x, &xcb_shm_id);
  if (found == NULL || !found->present) return false;
  xcb_shm_query_version_reply_t *version = xcb_shm_query_version_reply(x, xcb_shm_query_version(x), NULL);
  const bool by_file = version != NULL && (version->major_version > 1 || version->minor_version >= 2);
  free(version);
  return by_file;
}

/* The file goes to the server, which keeps it. */
static uint32_t attach(xcb_connection_t *x, int file, bool read_only) {
  const uint32_t name = xcb_generate_id(x);
  const int copy = fcntl(file, F_DUPFD_CLOEXEC, 3);
  xcb_generic_error_t *refused = xcb_request_check(x, xcb_shm_attach_fd_checked(x, name, copy, read_only));
  const bool failed = refused != NULL || copy == -1;
  free(refused);
  return failed ? XCB_NONE : name;
}

bool mirror_start(struct mirror *mirror, xcb_connection_t *real, xcb_connection_t *own) {
  memset(mirror, 0, sizeof *mirror);
  mirror->real = real;
  mirror->own = own;
  mirror->real_screen = xcb_setup_roots_iterator(xcb_get_setup(real)).data;
  mirror->own_screen = xcb_setup_roots_iterator(xcb_get_setup(own)).data;
  const xcb_screen_t *from = mirror->own_screen;
  if (from->root_depth != DEPTH || mirror->real_screen->root_depth != DEPTH) return false;
  if (!can_share(real) || !can_share(own)) return false;
  const int file = memfd_create("picture", MFD_CLOEXEC);
  if (file == -1 || ftruncate(file, (off_t)from->width_in_pixels * from->height_in_pixels * 4) != 0) return false;
  mirror->own_memory = attach(own, file, false);
  mirror->real_memory = attach(real, file, true);
  close(file);
  mirror->context = xcb_generate_id(real);
  xcb_create_gc(real, mirror->context, mirror->real_screen->root, XCB_GC_GRAPHICS_EXPOSURES, (uint32_t[]){0});
  return mirror->own_memory != XCB_NONE && mirror->real_memory != XCB_NONE;
}

static struct box whole(const struct mirror *mirror) {
  return (struct box){0, 0, mirror->own_screen->width_in_pixels, mirror->own_screen->height_in_pixels};
}

static void add(struct mirror *mirror, xcb_window_t of, struct box part, xcb_window_t parent, int16_t x, int16_t y) {
  if (mirror->count == MOST_COPIES) return;
  const xcb_window_t window = xcb_generate_id(mirror->real);
  /* What lay over it for a moment leaves it blank, and it is told by an exposure alone. */
  const uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY | XCB_EVENT_MASK_EXPOSURE | (of == XCB_NONE ? 0 : INPUT_EVENTS);
  /* The stage may be known here before the server has heard of it, or be gone again: then it is tried anew. */
  xcb_generic_error_t *refused = xcb_request_check(
      mirror->real,
      xcb_create_window_checked(mirror->real, XCB_COPY_FROM_PARENT, window, parent, x, y, part.width, part.height, 0,
                                XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                                XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
                                (uint32_t[]){1, events}));
  const bool failed = refused != NULL;
  free(refused);
  if (failed) return;
  mirror->copies[mirror->count++] = (struct copy){window, of, part, false};
  xcb_map_window(mirror->real, window);
  mirror_paint(mirror, part);
}

static void drop(struct mirror *mirror, int index) {
  xcb_destroy_window(mirror->real, mirror->copies[index].window);
  mirror->copies[index] = mirror->copies[--mirror->count];
}

void mirror_forget(struct mirror *mirror, xcb_window_t window) {
  for (int index = mirror->count - 1; index >= 0; index--)
    if (mirror->copies[index].window == window) mirror->copies[index] = mirror->copies[--mirror->count];
}

void mirror_set_stage(struct mirror *mirror, xcb_window_t stage, struct box place) {
  const bool same = mirror->stage == stage && memcmp(&mirror->place, &place, sizeof place) == 0;
  if (same && (stage == XCB_NONE || mirror->count > 0)) return;
  while (mirror->count > 0) drop(mirror, 0);
  mirror->stage = stage;
  mirror->place = place;
  mirror_follow(mirror);
}

static bool covers_all(struct mirror *mirror, xcb_window_t window) {
  xcb_get_window_attributes_reply_t *about =
      xcb_get_window_attributes_reply(mirror->own, xcb_get_window_attributes(mirror->own, window), NULL);
  xcb_get_geometry_reply_t *at = xcb_get_geometry_reply(mirror->own, xcb_get_geometry(mirror->own, window), NULL);
  const struct box all = whole(mirror);
  const bool covers = about != NULL && at != NULL && about->map_state == XCB_MAP_STATE_VIEWABLE &&
                      about->_class == XCB_WINDOW_CLASS_INPUT_OUTPUT && at->x <= 0 && at->y <= 0 &&
                      at->x + at->width >= all.width && at->y + at->height >= all.height;
  free(about);
  free(at);
  return covers;
}

/* Without a lock screen there is nothing to show, and what the curtain has drawn by itself is to be seen. */
static void follow_stage(struct mirror *mirror, const xcb_window_t *windows, int count) {
  bool covered = false;
  for (int index = 0; index < count && !covered; index++) covered = covers_all(mirror, windows[index]);
  if (covered && mirror->count == 0) add(mirror, XCB_NONE, whole(mirror), mirror->stage, 0, 0);
  while (!covered && mirror->count > 0) drop(mirror, 0);
}

static bool find_part(struct mirror *mirror, xcb_window_t window, struct box *part) {
  xcb_get_window_attributes_reply_t *about =
      xcb_get_window_attributes_reply(mirror->own, xcb_get_window_attributes(mirror->own, window), NULL);
  xcb_get_geometry_reply_t *at = xcb_get_geometry_reply(mirror->own, xcb_get_geometry(mirror->own, window), NULL);
  const struct box all = whole(mirror);
  bool shown = about != NULL && at != NULL && about->map_state == XCB_MAP_STATE_VIEWABLE &&
               about->_class == XCB_WINDOW_CLASS_INPUT_OUTPUT;
  /* The lock screen on its way out, and what lies outside or is nothing but a handle. */
  if (shown) {
    *part = (struct box){at->x, at->y, at->width, at->height};
    shown = at->width > 8 && at->height > 8 && (at->width < all.width || at->height < all.height) && at->x >= 0 &&
            at->y >= 0 && at->x + at->width <= all.width && at->y + at->height <= all.height;
  }
  free(about);
  free(at);
  return shown;
}

static void follow_parts(struct mirror *mirror, const xcb_window_t *children, int count) {
  for (int index = mirror->count - 1; index >= 0; index--) {
    const struct copy *copy = &mirror->copies[index];
    struct box part;
    if (!find_part(mirror, copy->of, &part) || memcmp(&part, &copy->part, sizeof part) != 0) drop(mirror, index);
  }
  for (int child = 0; child < count; child++) {
    struct box part;
    bool known = false;
    for (int index = 0; index < mirror->count; index++) known |= mirror->copies[index].of == children[child];
    if (!known && find_part(mirror, children[child], &part))
      add(mirror, children[child], part, mirror->real_screen->root, (int16_t)(mirror->place.x + part.x),
          (int16_t)(mirror->place.y + part.y));
  }
}

void mirror_follow(struct mirror *mirror) {
  if (mirror->place.width == 0) return;
  xcb_query_tree_reply_t *tree =
      xcb_query_tree_reply(mirror->own, xcb_query_tree(mirror->own, mirror->own_screen->root), NULL);
  if (tree == NULL) return;
  const xcb_window_t *children = xcb_query_tree_children(tree);
  const int count = xcb_query_tree_children_length(tree);
  if (mirror->stage != XCB_NONE) follow_stage(mirror, children, count);
  else follow_parts(mirror, children, count);
  free(tree);
  xcb_flush(mirror->real);
}

void mirror_paint(struct mirror *mirror, struct box changed) {
  const struct box all = whole(mirror);
  if (changed.x < 0 || changed.y < 0 || changed.x + changed.width > all.width ||
      changed.y + changed.height > all.height || changed.width == 0 || changed.height == 0)
    changed = all;
  if (mirror->count == 0) return;
  xcb_shm_get_image_reply_t *got = xcb_shm_get_image_reply(
      mirror->own,
      xcb_shm_get_image(mirror->own, mirror->own_screen->root, changed.x, changed.y, changed.width, changed.height, ~0u,
                        XCB_IMAGE_FORMAT_Z_PIXMAP, mirror->own_memory, 0),
      NULL);
  if (got == NULL) return;
  free(got);
  for (int index = 0; index < mirror->count; index++) {
    const struct copy *copy = &mirror->copies[index];
    xcb_shm_put_image(mirror->real, copy->window, mirror->context, changed.width, changed.height, 0, 0, changed.width,
                      changed.height, (int16_t)(changed.x - copy->part.x), (int16_t)(changed.y - copy->part.y), DEPTH,
                      XCB_IMAGE_FORMAT_Z_PIXMAP, 0, mirror->real_memory, 0);
  }
  /* The memory is written again only after the server has read it. */
  free(xcb_get_input_focus_reply(mirror->real, xcb_get_input_focus(mirror->real), NULL));
}

void mirror_paint_all(struct mirror *mirror) { mirror_paint(mirror, whole(mirror)); }

const struct copy *mirror_find(const struct mirror *mirror, xcb_window_t window) {
  for (int index = 0; index < mirror->count; index++)
    if (mirror->copies[index].window == window) return &mirror->copies[index];
  return NULL;
}
