/*
 * What an X session can do to a lock, and what can be seen of it. Answers a line on standard output for each line on
 * standard input; ends with its input.
 *
 *   victim          a red window over the whole screen that wants the keyboard: keys, buttons, and that it is shown
 *   victim alone    the same, and does not listen
 *   watch           looks at pixels about a thousand times a second: samples, how many were red, each change with its time
 *   watch X Y RGB   the same for one pixel and another colour; `!RGB` for any other
 *   type RATE       types and clicks as hardware does (XTEST), so many keys a second
 *   hand            presses what it is told to: `press CODE...` one key after the other, `chord CODE...` all at once,
 *                   `click X Y`; tells the time just before
 *   grab            holds keyboard and pointer
 *   grab-bare       the same for a client without a window of its own
 *   grab-nameless   the same for one that has nothing at all of its own by which it could be ended
 *   steal           takes the focus for the victim and raises it, without end
 *   popup           maps a red window that no window manager touches
 *   screen RGB      the same in another colour, and does not listen: in the place of a lock screen
 *   flicker RGB     the same, and paints all of it again and again without a pause
 *   menu            the same, of a client that has an ordinary window, too
 *   insist          a red window that is shown again and again, whatever is done to it
 *   copy            holds the selections
 *   find RGB        tells (`ready`) whether many pixels of the display have this colour
 *   pasted          tells (`ready`) whether anybody holds one
 *   unmap           hides every window of others, without end
 *   resize W H      gives the display another size, as a cable or a remote session does
 *   kill WINDOW     ends the client of a window
 *   guess WINDOW    ends every client but that window's by a name that it may have, one after the other
 *   ask NAME VALUE  asks the window manager for something (EWMH), such as to show the desktop
 *   binds CODE MASK has bound something to this key with these modifiers, as window managers do, and counts it
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xcb/randr.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

#define RED 0xff0000
#define KEY_A 38

static xcb_connection_t *x;
static xcb_screen_t *screen;
static uint32_t fill = RED;
static unsigned long keys, buttons, samples, red, typed, acts;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static xcb_atom_t atom(const char *name) {
  xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(x, xcb_intern_atom(x, 0, (uint16_t)strlen(name), name), NULL);
  const xcb_atom_t found = reply == NULL ? XCB_NONE : reply->atom;
  free(reply);
  return found;
}

static xcb_window_t make_window(bool unmanaged) {
  const xcb_window_t window = xcb_generate_id(x);
  const uint32_t values[] = {fill, unmanaged,
                             XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_STRUCTURE_NOTIFY};
  xcb_create_window(x, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, screen->width_in_pixels,
                    screen->height_in_pixels, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                    XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
  const xcb_atom_t full = atom("_NET_WM_STATE_FULLSCREEN");
  xcb_change_property(x, XCB_PROP_MODE_REPLACE, window, atom("_NET_WM_STATE"), XCB_ATOM_ATOM, 32, 1, &full);
  static const char class[] = "victim\0Victim";
  xcb_change_property(x, XCB_PROP_MODE_REPLACE, window, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, sizeof class, class);
  xcb_map_window(x, window);
  xcb_flush(x);
  return window;
}

static const char *const selections[] = {"PRIMARY", "CLIPBOARD"};

/* As a program does whose window is small or hidden. */
static bool copy(xcb_window_t window) {
  xcb_create_window(x, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                    XCB_COPY_FROM_PARENT, 0, NULL);
  for (int index = 0; index < 2; index++) xcb_set_selection_owner(x, window, atom(selections[index]), XCB_CURRENT_TIME);
  return true;
}

static bool is_held(void) {
  bool held = false;
  for (int index = 0; index < 2; index++) {
    xcb_get_selection_owner_reply_t *reply =
        xcb_get_selection_owner_reply(x, xcb_get_selection_owner(x, atom(selections[index])), NULL);
    held = held || (reply != NULL && reply->owner != XCB_NONE);
    free(reply);
  }
  return held;
}

static void take_focus(xcb_window_t window) {
  xcb_configure_window(x, window, XCB_CONFIG_WINDOW_STACK_MODE, (uint32_t[]){XCB_STACK_MODE_ABOVE});
  xcb_set_input_focus(x, XCB_INPUT_FOCUS_POINTER_ROOT, window, XCB_CURRENT_TIME);
  xcb_flush(x);
}

static uint32_t wanted = RED;
static bool unwanted;
static int16_t place_x = -1, place_y;

static bool is_red(int16_t at_x, int16_t at_y) {
  xcb_get_image_reply_t *image = xcb_get_image_reply(
      x, xcb_get_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, at_x, at_y, 1, 1, ~0u), NULL);
  if (xcb_connection_has_error(x)) exit(0);
  /* The display has become smaller. */
  if (image == NULL) return false;
  const uint32_t pixel = *(const uint32_t *)xcb_get_image_data(image) & 0xffffff;
  free(image);
  return (pixel == wanted) != unwanted;
}

static void look(void) {
  static int shown = -1;
  static int16_t width, height;
  if (samples % 64 == 0) {
    xcb_get_geometry_reply_t *root = xcb_get_geometry_reply(x, xcb_get_geometry(x, screen->root), NULL);
    if (root == NULL) exit(0);
    width = (int16_t)root->width;
    height = (int16_t)root->height;
    free(root);
  }
  const int16_t places[][2] = {{5, 5}, {(int16_t)(width - 5), (int16_t)(height - 5)}, {(int16_t)(width / 2), 40}};
  const int16_t *place = places[samples % 3];
  const bool found = place_x < 0 ? is_red(place[0], place[1]) : is_red(place_x, place_y);
  samples++;
  red += found;
  if (shown != found) printf("{\"red\":%s,\"at\":%.3f}\n", found ? "true" : "false", now());
  shown = found;
}

/* More than a border or a dot has. */
#define MANY 200

static bool find(uint32_t colour) {
  xcb_get_image_reply_t *image =
      xcb_get_image_reply(x, xcb_get_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, 0, 0, screen->width_in_pixels,
                                           screen->height_in_pixels, ~0u), NULL);
  if (image == NULL) return false;
  const uint32_t *pixels = (const uint32_t *)xcb_get_image_data(image);
  int found = 0;
  for (int index = 0; index < screen->width_in_pixels * screen->height_in_pixels; index++)
    found += (pixels[index] & 0xffffff) == colour;
  free(image);
  return found >= MANY;
}

static void type_one(void) {
  for (int press = 1; press >= 0; press--)
    xcb_test_fake_input(x, press ? XCB_KEY_PRESS : XCB_KEY_RELEASE, KEY_A, XCB_CURRENT_TIME, screen->root, 0, 0, 0);
  if (typed % 16 == 0)
    for (int press = 1; press >= 0; press--)
      xcb_test_fake_input(x, press ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, 1, XCB_CURRENT_TIME, screen->root, 0, 0, 0);
  xcb_flush(x);
  typed++;
}

static void fake(uint8_t type, uint8_t detail, int16_t at_x, int16_t at_y) {
  xcb_test_fake_input(x, type, detail, XCB_CURRENT_TIME, screen->root, at_x, at_y, 0);
}

/* False for what is no order. */
static bool obey(char *line) {
  const char *what = strtok(line, " ");
  uint8_t codes[64];
  int numbers[64], count = 0;
  for (const char *word; (word = strtok(NULL, " ")) != NULL && count < 64; count++)
    codes[count] = (uint8_t)(numbers[count] = atoi(word));
  const bool presses = strcmp(what, "press") == 0, chords = strcmp(what, "chord") == 0;
  const bool clicks = strcmp(what, "click") == 0 && count == 2;
  if (!presses && !chords && !clicks) return false;
  const double at = now();
  for (int index = 0; !clicks && index < count; index++) {
    fake(XCB_KEY_PRESS, codes[index], 0, 0);
    if (presses) fake(XCB_KEY_RELEASE, codes[index], 0, 0);
  }
  for (int index = count - 1; chords && index >= 0; index--) fake(XCB_KEY_RELEASE, codes[index], 0, 0);
  if (clicks) {
    fake(XCB_MOTION_NOTIFY, 0, (int16_t)numbers[0], (int16_t)numbers[1]);
    fake(XCB_BUTTON_PRESS, 1, 0, 0);
    fake(XCB_BUTTON_RELEASE, 1, 0, 0);
  }
  xcb_flush(x);
  printf("{\"pressed\":%.3f}\n", at);
  return true;
}

static bool grab(xcb_window_t window) {
  xcb_grab_keyboard_reply_t *key_reply = xcb_grab_keyboard_reply(
      x, xcb_grab_keyboard(x, 0, window, XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC), NULL);
  xcb_grab_pointer_reply_t *point_reply = xcb_grab_pointer_reply(
      x, xcb_grab_pointer(x, 0, window, XCB_EVENT_MASK_BUTTON_PRESS, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC,
                          XCB_NONE, XCB_NONE, XCB_CURRENT_TIME),
      NULL);
  const bool both = key_reply != NULL && key_reply->status == 0 && point_reply != NULL && point_reply->status == 0;
  free(key_reply);
  free(point_reply);
  return both;
}

static void unmap_all(void) {
  xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x, xcb_query_tree(x, screen->root), NULL);
  if (tree == NULL) exit(0);
  for (int child = 0; child < xcb_query_tree_children_length(tree); child++)
    xcb_unmap_window(x, xcb_query_tree_children(tree)[child]);
  free(tree);
  xcb_flush(x);
}

/* Names are what the server gives out: a part for each client, and small numbers below it. */
static void guess(xcb_window_t spared) {
  const xcb_setup_t *setup = xcb_get_setup(x);
  const uint32_t part = setup->resource_id_mask + 1, client = (uint32_t)acts * part;
  if (client == setup->resource_id_base || client == (spared & ~setup->resource_id_mask)) return;
  for (uint32_t number = 0; number < 64; number++) xcb_kill_client(x, client | number);
  xcb_flush(x);
}

static void ask(const char *name, uint32_t value) {
  const xcb_client_message_event_t message = {
      .response_type = XCB_CLIENT_MESSAGE, .format = 32, .window = screen->root, .type = atom(name), .data.data32 = {value}};
  xcb_send_event(x, 0, screen->root, XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY,
                 (const char *)&message);
  xcb_flush(x);
}

static bool bind(uint8_t code, uint16_t modifiers) {
  xcb_generic_error_t *refused = xcb_request_check(
      x, xcb_grab_key_checked(x, 1, screen->root, modifiers, code, XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC));
  const bool done = refused == NULL;
  free(refused);
  return done;
}

/* All of it in another colour each time; waits until the server has done so. */
static void repaint(xcb_window_t window) {
  xcb_change_window_attributes(x, window, XCB_CW_BACK_PIXEL, (uint32_t[]){acts % 2 == 0 ? fill : ~fill & 0xffffff});
  xcb_clear_area(x, 0, window, 0, 0, 0, 0);
  free(xcb_get_input_focus_reply(x, xcb_get_input_focus(x), NULL));
}

/* RandR 1.2: a mode of that size on the first output, its controller off while the screen changes. */
static bool resize(uint16_t width, uint16_t height) {
  xcb_randr_get_screen_resources_reply_t *all =
      xcb_randr_get_screen_resources_reply(x, xcb_randr_get_screen_resources(x, screen->root), NULL);
  if (all == NULL || all->num_crtcs == 0 || all->num_outputs == 0) return false;
  const xcb_randr_crtc_t crtc = xcb_randr_get_screen_resources_crtcs(all)[0];
  const xcb_randr_output_t output = xcb_randr_get_screen_resources_outputs(all)[0];
  char name[32];
  const int length = snprintf(name, sizeof name, "probe-%ux%u-%d", width, height, (int)getpid());
  const xcb_randr_mode_info_t info = {.width = width, .height = height, .name_len = (uint16_t)length};
  xcb_randr_create_mode_reply_t *made = xcb_randr_create_mode_reply(
      x, xcb_randr_create_mode(x, screen->root, info, (uint32_t)length, name), NULL);
  if (made == NULL) return false;
  xcb_randr_add_output_mode(x, output, made->mode);
  free(xcb_randr_set_crtc_config_reply(x, xcb_randr_set_crtc_config(x, crtc, 0, 0, 0, 0, XCB_NONE, 1, 0, NULL), NULL));
  xcb_randr_set_screen_size(x, screen->root, width, height, width / 4, height / 4);
  xcb_randr_set_crtc_config_reply_t *set = xcb_randr_set_crtc_config_reply(
      x, xcb_randr_set_crtc_config(x, crtc, 0, 0, 0, 0, made->mode, 1, 1, &output), NULL);
  const bool done = set != NULL && set->status == 0;
  free(made);
  free(set);
  free(all);
  return done;
}

static void hear(void) {
  for (xcb_generic_event_t *event; (event = xcb_poll_for_event(x)) != NULL; free(event)) {
    if ((event->response_type & 0x80) != 0) continue;
    keys += event->response_type == XCB_KEY_PRESS;
    buttons += event->response_type == XCB_BUTTON_PRESS;
  }
  if (xcb_connection_has_error(x)) exit(0);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int number;
  x = xcb_connect(NULL, &number);
  if (argc < 2 || xcb_connection_has_error(x)) return 1;
  xcb_screen_iterator_t screens_left = xcb_setup_roots_iterator(xcb_get_setup(x));
  while (number-- > 0) xcb_screen_next(&screens_left);
  screen = screens_left.data;
  const char *mode = argv[1];
  const bool watches = strcmp(mode, "watch") == 0, types = strcmp(mode, "type") == 0;
  const bool steals = strcmp(mode, "steal") == 0, hides = strcmp(mode, "unmap") == 0;
  const bool insists = strcmp(mode, "insist") == 0, flickers = strcmp(mode, "flicker") == 0 && argc > 2;
  const bool guesses = strcmp(mode, "guess") == 0 && argc > 2;
  const bool often = watches || steals || hides || insists || flickers;
  const double every = often ? 1.0 : guesses ? 400.0 : types && argc > 2 ? 1000.0 / atof(argv[2]) : 0;
  if (watches && argc > 4) {
    place_x = (int16_t)atoi(argv[2]);
    place_y = (int16_t)atoi(argv[3]);
    unwanted = argv[4][0] == '!';
    wanted = (uint32_t)strtoul(argv[4] + unwanted, NULL, 16);
  }
  const bool screens = flickers || (strcmp(mode, "screen") == 0 && argc > 2);
  if (screens) fill = (uint32_t)strtoul(argv[2], NULL, 16);
  xcb_window_t window = XCB_NONE;
  bool done = true;
  if (strcmp(mode, "victim") == 0) take_focus(window = make_window(false));
  if (screens || strcmp(mode, "popup") == 0 || strcmp(mode, "menu") == 0) window = make_window(true);
  if (strcmp(mode, "menu") == 0 || insists) window = make_window(false);
  if (strcmp(mode, "copy") == 0) done = copy(window = xcb_generate_id(x));
  if (strcmp(mode, "pasted") == 0) done = is_held();
  if (strcmp(mode, "find") == 0 && argc > 2) done = find((uint32_t)strtoul(argv[2], NULL, 16));
  if (strcmp(mode, "ask") == 0 && argc > 3) ask(argv[2], (uint32_t)atoi(argv[3]));
  if (strcmp(mode, "binds") == 0 && argc > 3) done = bind((uint8_t)atoi(argv[2]), (uint16_t)atoi(argv[3]));
  if ((steals || guesses) && argc > 2) window = (xcb_window_t)strtoul(argv[2], NULL, 10);
  if (strcmp(mode, "grab") == 0) done = grab(window = make_window(true));
  if (strcmp(mode, "grab-bare") == 0) xcb_create_pixmap(x, 24, xcb_generate_id(x), screen->root, 1, 1);
  if (strncmp(mode, "grab-", 5) == 0) done = grab(screen->root);
  if (strcmp(mode, "resize") == 0 && argc > 3) done = resize((uint16_t)atoi(argv[2]), (uint16_t)atoi(argv[3]));
  if (strcmp(mode, "kill") == 0 && argc > 2) xcb_kill_client(x, (uint32_t)strtoul(argv[2], NULL, 10)), xcb_flush(x);
  printf("{\"ready\":%s,\"window\":%u}\n", done ? "true" : "false", window);

  double due = now();
  const bool alone = screens || (argc > 2 && strcmp(argv[2], "alone") == 0);
  struct pollfd waits[] = {{.fd = alone ? -1 : STDIN_FILENO, .events = POLLIN}, {.fd = xcb_get_file_descriptor(x), .events = POLLIN}};
  for (;;) {
    const double left = due - now();
    poll(waits, 2, every == 0 ? -1 : left > 0 ? (int)(left + 0.999) : 0);
    hear();
    if (waits[0].revents != 0) {
      char line[256];
      const ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
      if (got <= 0) return 0;
      line[got - 1] = '\0';
      if (strncmp(line, "count", 5) == 0 || !obey(line)) printf("{\"keys\":%lu,\"buttons\":%lu,\"samples\":%lu,\"red\":%lu,\"typed\":%lu,\"acts\":%lu}\n", keys, buttons,
               samples, red, typed, acts);
    }
    if (every == 0 || now() < due) continue;
    due += every;
    if (due < now() - 50) due = now();
    acts++;
    if (watches) look();
    if (types) type_one();
    if (steals) take_focus(window);
    if (hides) unmap_all();
    if (guesses) guess(window);
    if (flickers) repaint(window);
    if (insists) xcb_map_window(x, window), xcb_flush(x);
  }
}
