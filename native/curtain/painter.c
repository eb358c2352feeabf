/*
 * painter DISPLAY AUTHORITY, started by the leader, which leaves open: 3 the way from the curtains, 4 where to beat.
 * Shows the screen, which runs on a private display, on the curtain, and carries keys and pointer to it. While the
 * desktop is open it shows the windows of the screen that do not cover everything.
 *
 * painter --private FILE AUTHORITY becomes the private display, as large as the monitor that the stage will be on, and
 * writes to the file how large the letters on the real one are (Xft.dpi of its resources; 100 is 96 to the inch), as far as
 * the screen has room for them, and its number.
 */
#include "clock.h"
#include "exits.h"
#include "mirror.h"
#include "shared.h"
#include "typist.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/xtest.h>

enum { CURTAIN_SOCKET = 3, BEAT_PIPE = 4 };
#define BEAT 500
/* Sides of the smallest page on which every word of the screen is to be seen (`e2e/agent/screen-access.e2e.test.ts`). */
#define LONG_SIDE 1024
#define SHORT_SIDE 720

struct painter {
  struct mirror mirror;
  struct typist typist;
  uint8_t damage_event;
  bool dirty, moved;
  struct box changed;
};

static void include(struct painter *painter, struct box more) {
  if (!painter->dirty) {
    painter->changed = more;
    painter->dirty = true;
    return;
  }
  struct box *all = &painter->changed;
  const int right = all->x + all->width > more.x + more.width ? all->x + all->width : more.x + more.width;
  const int bottom = all->y + all->height > more.y + more.height ? all->y + all->height : more.y + more.height;
  if (more.x < all->x) all->x = more.x;
  if (more.y < all->y) all->y = more.y;
  all->width = (uint16_t)(right - all->x);
  all->height = (uint16_t)(bottom - all->y);
}

static void hear_private(struct painter *painter) {
  for (xcb_generic_event_t *event; (event = xcb_poll_for_event(painter->mirror.own)) != NULL; free(event)) {
    const uint8_t type = event->response_type & 0x7f;
    if (type == painter->damage_event + XCB_DAMAGE_NOTIFY) {
      const xcb_rectangle_t area = ((const xcb_damage_notify_event_t *)event)->area;
      include(painter, (struct box){area.x, area.y, area.width, area.height});
    } else if (type == XCB_MAP_NOTIFY || type == XCB_UNMAP_NOTIFY || type == XCB_CONFIGURE_NOTIFY ||
               type == XCB_DESTROY_NOTIFY)
      painter->moved = true;
  }
  if (xcb_connection_has_error(painter->mirror.own)) exit(EXIT_NO_DISPLAY);
}

/* Only while open: under the curtain keys and pointer come from there. */
static void take_input(struct painter *painter, const xcb_generic_event_t *event) {
  const xcb_button_press_event_t *input = (const void *)event;
  const struct copy *copy = mirror_find(&painter->mirror, input->event);
  if (copy == NULL || copy->of == XCB_NONE) return;
  const uint8_t type = event->response_type & 0x7f;
  if (type == XCB_KEY_PRESS || type == XCB_KEY_RELEASE)
    return typist_key(&painter->typist, input->detail, type == XCB_KEY_PRESS);
  typist_move(&painter->typist, (int16_t)(copy->part.x + input->event_x), (int16_t)(copy->part.y + input->event_y));
  if (type == XCB_MOTION_NOTIFY) return;
  if (type == XCB_BUTTON_PRESS)
    xcb_set_input_focus(painter->mirror.real, XCB_INPUT_FOCUS_POINTER_ROOT, copy->window, input->time);
  typist_button(&painter->typist, input->detail, type == XCB_BUTTON_PRESS);
}

static void hear_real(struct painter *painter) {
  for (xcb_generic_event_t *event; (event = xcb_poll_for_event(painter->mirror.real)) != NULL; free(event)) {
    switch (event->response_type & 0x7f) {
    case XCB_KEY_PRESS:
    case XCB_KEY_RELEASE:
    case XCB_BUTTON_PRESS:
    case XCB_BUTTON_RELEASE:
    case XCB_MOTION_NOTIFY: take_input(painter, event); break;
    case XCB_MAPPING_NOTIFY: typist_learn(&painter->typist); break;
    case XCB_VISIBILITY_NOTIFY: {
      const xcb_visibility_notify_event_t *seen = (const void *)event;
      for (int index = 0; index < painter->mirror.count; index++)
        if (painter->mirror.copies[index].window == seen->window)
          painter->mirror.copies[index].hidden = seen->state != XCB_VISIBILITY_UNOBSCURED;
      break;
    }
    case XCB_EXPOSE: painter->moved = true; break;
    case XCB_DESTROY_NOTIFY:
      mirror_forget(&painter->mirror, ((const xcb_destroy_notify_event_t *)event)->window);
      painter->moved = true;
      break;
    }
  }
  if (xcb_connection_has_error(painter->mirror.real)) exit(EXIT_NO_DISPLAY);
}

static void take_stage(struct painter *painter, const struct input *input) {
  const struct box place = {(int16_t)input->values[1], (int16_t)input->values[2], (uint16_t)input->values[3],
                            (uint16_t)input->values[4]};
  const xcb_screen_t *own = painter->mirror.own_screen;
  if (place.width != own->width_in_pixels || place.height != own->height_in_pixels) exit(EXIT_RESIZED);
  if (painter->mirror.stage != input->values[0]) typist_let_go(&painter->typist);
  mirror_set_stage(&painter->mirror, input->values[0], place);
}

static void hear_curtain(struct painter *painter) {
  struct input input;
  for (ssize_t got; (got = recv(CURTAIN_SOCKET, &input, sizeof input, MSG_DONTWAIT)) != -1;) {
    if (got == 0) exit(EXIT_NO_DISPLAY);
    if (got != (ssize_t)sizeof input) continue;
    switch (input.kind) {
    case INPUT_STAGE: take_stage(painter, &input); break;
    case INPUT_KEY: typist_key(&painter->typist, (uint8_t)input.values[0], input.values[1] != 0); break;
    case INPUT_BUTTON: typist_button(&painter->typist, (uint8_t)input.values[0], input.values[1] != 0); break;
    case INPUT_MOTION: typist_move(&painter->typist, (int16_t)input.values[0], (int16_t)input.values[1]); break;
    }
  }
}

/* What was typed while nobody painted was not meant for what is shown now; where the stage is still counts. */
static void forget_input(struct painter *painter) {
  struct input input, stage = {0};
  while (recv(CURTAIN_SOCKET, &input, sizeof input, MSG_DONTWAIT) == (ssize_t)sizeof input)
    if (input.kind == INPUT_STAGE) stage = input;
  if (stage.kind == INPUT_STAGE) take_stage(painter, &stage);
}

static _Noreturn void run(struct painter *painter) {
  uint64_t beat_at = 0;
  for (;;) {
    struct pollfd waits[] = {{.fd = CURTAIN_SOCKET, .events = POLLIN},
                             {.fd = xcb_get_file_descriptor(painter->mirror.own), .events = POLLIN},
                             {.fd = xcb_get_file_descriptor(painter->mirror.real), .events = POLLIN}};
    /* Whatever waited for an answer may have put events aside, of which poll() knows nothing. */
    poll(waits, 3, painter->moved || painter->dirty ? 0 : BEAT);
    if (clock_awake() >= beat_at) {
      beat_at = clock_awake() + BEAT * MILLISECOND;
      if (write(BEAT_PIPE, ".", 1) < 0) (void)0;
      for (int index = 0; index < painter->mirror.count; index++)
        if (painter->mirror.copies[index].hidden)
          xcb_configure_window(painter->mirror.real, painter->mirror.copies[index].window, XCB_CONFIG_WINDOW_STACK_MODE,
                               (uint32_t[]){XCB_STACK_MODE_ABOVE});
      xcb_flush(painter->mirror.real);
    }
    hear_curtain(painter);
    hear_private(painter);
    hear_real(painter);
    if (painter->moved) {
      painter->moved = false;
      mirror_follow(&painter->mirror);
      mirror_paint_all(&painter->mirror);
    }
    while (painter->dirty) {
      painter->dirty = false;
      mirror_paint(&painter->mirror, painter->changed);
      hear_private(painter);
    }
    hear_real(painter);
  }
}

static bool watch(struct painter *painter, xcb_connection_t *own, xcb_window_t root) {
  const xcb_query_extension_reply_t *damage = xcb_get_extension_data(own, &xcb_damage_id);
  if (damage == NULL || !damage->present) return false;
  free(xcb_damage_query_version_reply(own, xcb_damage_query_version(own, 1, 1), NULL));
  painter->damage_event = damage->first_event;
  xcb_damage_create(own, xcb_generate_id(own), root, XCB_DAMAGE_REPORT_LEVEL_RAW_RECTANGLES);
  xcb_change_window_attributes(own, root, XCB_CW_EVENT_MASK, (uint32_t[]){XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY});
  return true;
}

/* In hundredths, between one and four times. Without a word of it, or with nonsense: once. */
static unsigned scale_of(xcb_connection_t *real, xcb_window_t root) {
  static const char name[] = "Xft.dpi:";
  xcb_get_property_reply_t *reply = xcb_get_property_reply(
      real, xcb_get_property(real, 0, root, XCB_ATOM_RESOURCE_MANAGER, XCB_ATOM_STRING, 0, 1 << 16), NULL);
  char *text = reply == NULL ? NULL : strndup(xcb_get_property_value(reply), (size_t)xcb_get_property_value_length(reply));
  free(reply);
  double dots = 96;
  for (const char *at = text; at != NULL && (at = strstr(at, name)) != NULL; at += sizeof name - 1)
    if (at == text || at[-1] == '\n') dots = atof(at + sizeof name - 1);
  free(text);
  const double scale = dots / 96;
  return !(scale > 1) ? 100 : scale > 4 ? 400 : (unsigned)(scale * 100 + 0.5);
}

/* Larger letters are no help where they leave the monitor. */
static unsigned scale_that_fits(unsigned scale, unsigned width, unsigned height) {
  const unsigned by_long = (width > height ? width : height) * 100 / LONG_SIDE;
  const unsigned by_short = (width > height ? height : width) * 100 / SHORT_SIDE;
  const unsigned most = by_long < by_short ? by_long : by_short;
  return most < 100 ? 100 : scale < most ? scale : most;
}

static int become_private(const char *file, char *authority) {
  xcb_connection_t *real = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(real)) return EXIT_NO_DISPLAY;
  const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(real)).data;
  unsigned width = screen->width_in_pixels, height = screen->height_in_pixels;
  free(xcb_randr_query_version_reply(real, xcb_randr_query_version(real, 1, 5), NULL));
  xcb_randr_get_monitors_reply_t *reply =
      xcb_randr_get_monitors_reply(real, xcb_randr_get_monitors(real, screen->root, 1), NULL);
  bool first = true;
  if (reply != NULL)
    for (xcb_randr_monitor_info_iterator_t each = xcb_randr_get_monitors_monitors_iterator(reply); each.rem > 0;
         xcb_randr_monitor_info_next(&each)) {
      if (!first && !each.data->primary) continue;
      first = false;
      width = each.data->width;
      height = each.data->height;
    }
  dprintf(atoi(file), SCALE_LINE "\n", scale_that_fits(scale_of(real, screen->root), width, height));
  xcb_disconnect(real);
  char size[32];
  snprintf(size, sizeof size, "%ux%ux24", width, height);
  char *const command[] = {"Xvfb",    "-displayfd", (char *)file, "-screen",     "0",    size,
                           "-nolisten", "tcp",     "-auth",      authority, "-noreset", NULL};
  execvp(command[0], command);
  return 127;
}

int main(int argc, char **argv) {
  static struct painter painter;
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (argc == 4 && strcmp(argv[1], "--private") == 0) return become_private(argv[2], argv[3]);
  if (argc != 3) return EXIT_USAGE;
  xcb_connection_t *real = xcb_connect(NULL, NULL);
  setenv("XAUTHORITY", argv[2], 1);
  xcb_connection_t *own = xcb_connect(argv[1], NULL);
  if (xcb_connection_has_error(real) || xcb_connection_has_error(own)) return EXIT_NO_DISPLAY;
  if (!mirror_start(&painter.mirror, real, own)) {
    fprintf(stderr, "painter: the displays cannot share pictures: depth 24 and MIT-SHM 1.2 are needed\n");
    return EXIT_USAGE;
  }
  const xcb_window_t root = painter.mirror.own_screen->root;
  if (!watch(&painter, own, root)) return EXIT_USAGE;
  typist_start(&painter.typist, real, own, root);
  xcb_flush(own);
  forget_input(&painter);
  run(&painter);
}
