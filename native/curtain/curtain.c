/*
 * curtain GUARD_SOCKET GUARD_USER GLYPHS SEAT, started by the leader, which leaves open: 3 the memory of both curtains,
 * 4 the way to the painter, 5 a pipe that ends with the leader.
 *
 * Covers every screen and holds keyboard and pointer, except under a fresh lease of the guard. Of the two curtains one
 * holds; the other covers too, has the focus, and takes over when the first is gone.
 */
#define _GNU_SOURCE
#include "card.h"
#include "clock.h"
#include "cover.h"
#include "exits.h"
#include "focus.h"
#include "harden.h"
#include "hold.h"
#include "hotkey.h"
#include "idle.h"
#include "link.h"
#include "twin.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <xcb/randr.h>

enum { SHARED_FILE = 3, PAINTER_SOCKET = 4, LEADER_PIPE = 5 };

/* Since it covers and does not hold: when windows are hidden, clients ended, and the session with them. */
#define FORCE_AFTER (200 * MILLISECOND)
#define KILL_AFTER (600 * MILLISECOND)
#define GIVE_UP_AFTER (1500 * MILLISECOND)
#define FOCUS_WITHIN (300 * MILLISECOND)
#define LOOK_AGAIN (500 * MILLISECOND)

struct curtain {
  struct cover cover;
  struct hold hold;
  struct card card;
  struct link link;
  struct lease lease;
  struct twin twin;
  struct hotkey hotkey;
  bool leader_gone;
  /* Until when it may go by the other's lease: it was started beside an open desktop and has not heard the guard yet. */
  uint64_t newcomer_until;
  bool whole, held, focused;
  /* When it began to cover without holding; 0 while it holds or is open. */
  uint64_t raised_at, unheld_since, hold_at, look_at, idle_at, beat_at;
  char told[200];
};

static bool is_holder(const struct curtain *curtain) { return twin_holds(&curtain->twin); }

static bool may_open(const struct curtain *curtain, uint64_t now) {
  if (curtain->leader_gone) return false;
  if (lease_is_fresh(&curtain->lease, now)) return true;
  /* One that has just been started beside an open desktop waits for its own lease, as long as the other has one. */
  const uint64_t until = curtain->twin.other->open_until;
  return curtain->newcomer_until > now && curtain->twin.other->ready && until > now &&
         until - now <= LONGEST_LEASE * MILLISECOND;
}

static void tell_painter(const struct curtain *curtain, const struct input *input) {
  if (!is_holder(curtain)) return;
  /* What the painter does not fetch is dropped: nothing here ever grows or waits. */
  if (send(PAINTER_SOCKET, input, sizeof *input, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) (void)0;
}

static void tell_stage(const struct curtain *curtain) {
  const struct monitor *at = NULL;
  const xcb_window_t stage = cover_stage(&curtain->cover, &at);
  if (at == NULL) return;
  const struct input input = {INPUT_STAGE, {stage, (uint32_t)at->x, (uint32_t)at->y, at->width, at->height}};
  tell_painter(curtain, &input);
}

static void report(struct curtain *curtain, uint64_t now) {
  char line[sizeof curtain->told], lock[LOCK_LENGTH + 3] = "null";
  if (curtain->lease.lock[0] != '\0') snprintf(lock, sizeof lock, "\"%s\"", curtain->lease.lock);
  const bool covered = curtain->cover.up && curtain->whole;
  snprintf(line, sizeof line, "{\"kind\":\"curtain-state\",\"lock\":%s,\"covered\":%s,\"held\":%s,\"displays\":%d}\n", lock,
           covered ? "true" : "false", covered && curtain->held ? "true" : "false",
           cover_count_monitors(&curtain->cover));
  if (strcmp(line, curtain->told) == 0) return;
  strcpy(curtain->told, line);
  link_write(&curtain->link, line, now);
}

/* ---- covering and opening */

static void raise_cover(struct curtain *curtain, uint64_t now) {
  const bool was_up = curtain->cover.up;
  cover_raise(&curtain->cover, is_holder(curtain), curtain->twin.other->window, curtain->twin.other->top);
  curtain->twin.own->top = curtain->cover.screens[0].top;
  curtain->twin.own->open_until = 0;
  curtain->hold_at = curtain->look_at = now;
  if (!was_up) {
    curtain->unheld_since = curtain->raised_at = now;
    curtain->focused = false;
    focus_remember(&curtain->cover, &curtain->twin);
  }
  focus_take(&curtain->cover, &curtain->twin);
  tell_stage(curtain);
}

static void open_up(struct curtain *curtain) {
  curtain->held = curtain->whole = false;
  cover_drop(&curtain->cover);
  hold_release(&curtain->cover);
  focus_give_back(&curtain->cover, &curtain->twin);
  xcb_flush(curtain->cover.x);
  curtain->twin.own->top = 0;
  tell_stage(curtain);
}

static void try_to_hold(struct curtain *curtain, uint64_t now) {
  const uint32_t twin = curtain->twin.other->client;
  const bool had = curtain->held;
  curtain->held = hold_take(&curtain->hold, &curtain->cover);
  if (had && !curtain->held) curtain->unheld_since = now;
  const uint64_t since = curtain->held ? 0 : now - curtain->unheld_since;
  if (since >= GIVE_UP_AFTER) exit(EXIT_CANNOT_HOLD);
  if (since >= KILL_AFTER) curtain->held = hold_kill(&curtain->hold, &curtain->cover, twin);
  else if (since >= FORCE_AFTER) curtain->held = hold_force(&curtain->hold, &curtain->cover, twin);
  curtain->hold_at = now + (curtain->held ? LOOK_AGAIN : since < 50 * MILLISECOND ? MILLISECOND : 20 * MILLISECOND);
}

static void keep_covered(struct curtain *curtain, uint64_t now) {
  if (is_holder(curtain) && now >= curtain->hold_at) try_to_hold(curtain, now);
  if (!is_holder(curtain)) curtain->held = false, curtain->unheld_since = now;
  if (!curtain->whole || now >= curtain->look_at) {
    curtain->whole = cover_is_whole(&curtain->cover);
    /* The one that does not hold counts once it has had the focus; somebody who steals it for ever does not undo that. */
    if (!curtain->focused && now - curtain->raised_at < FOCUS_WITHIN) {
      curtain->focused = focus_keep(&curtain->cover, &curtain->twin);
      curtain->whole = curtain->whole && curtain->focused;
    }
    curtain->look_at = now + LOOK_AGAIN;
  }
  if (card_draw(&curtain->card, &curtain->cover)) cover_show_cards(&curtain->cover), tell_stage(curtain);
}

static void settle(struct curtain *curtain, uint64_t now) {
  const bool open = may_open(curtain, now);
  if (open) curtain->twin.own->open_until = curtain->lease.ends_at > now ? curtain->lease.ends_at : 0;
  if (open && curtain->cover.up) open_up(curtain);
  if (!open && !curtain->cover.up) raise_cover(curtain, now);
  if (curtain->cover.up) keep_covered(curtain, now);
  curtain->twin.own->ready = 1;
  curtain->twin.shared->covered_once = 1;
  report(curtain, now);
}

/* ---- what comes in */

static void take_message(void *context, const struct message *message) {
  struct curtain *curtain = context;
  if (message->kind != MESSAGE_LABEL) curtain->newcomer_until = 0;
  switch (message->kind) {
  case MESSAGE_LEASE:
    lease_take(&curtain->lease, message->lock, message->sequence, message->milliseconds, clock_now());
    break;
  case MESSAGE_COVER:
    lease_cover(&curtain->lease, message->lock);
    curtain->told[0] = '\0';
    break;
  case MESSAGE_LABEL: card_label(&curtain->card, message->terminal, message->helpdesk); break;
  }
}

static void hear_guard(struct curtain *curtain, uint64_t now) {
  if (link_has_ended(&curtain->link, now)) {
    lease_forget(&curtain->lease);
    curtain->newcomer_until = 0;
    return;
  }
  if (curtain->link.socket == -1) {
    if (!link_try(&curtain->link, now)) return;
    char hello[80];
    snprintf(hello, sizeof hello, "{\"kind\":\"curtain-hello\",\"pid\":%d}\n", (int)getpid());
    curtain->told[0] = '\0';
    if (!link_write(&curtain->link, hello, now)) return;
  }
  if (link_read(&curtain->link, take_message, curtain, now)) return;
  lease_forget(&curtain->lease);
  curtain->newcomer_until = 0;
}

static void displays_changed(struct curtain *curtain, uint64_t now) {
  if (!cover_measure(&curtain->cover)) return;
  if (curtain->cover.up) {
    cover_show_cards(&curtain->cover);
    raise_cover(curtain, now);
  }
  tell_stage(curtain);
}

/* Somebody hid or destroyed a window of the cover. */
static void repair(struct curtain *curtain, xcb_window_t window, bool destroyed, uint64_t now) {
  if (!curtain->cover.up || !cover_owns(&curtain->cover, window)) return;
  for (int index = 0; index < curtain->cover.count; index++) {
    struct screen *screen = &curtain->cover.screens[index];
    if (window == screen->plain && destroyed) exit(EXIT_NO_DISPLAY);
    if (window != screen->plain && window != screen->top) continue;
    if (window == screen->top && destroyed) screen->top = XCB_NONE;
    else xcb_map_window(curtain->cover.x, window);
    curtain->whole = false;
    raise_cover(curtain, now);
  }
}

static void take_input(struct curtain *curtain, const xcb_generic_event_t *event, uint64_t now) {
  const xcb_key_press_event_t *input = (const void *)event;
  const uint8_t type = event->response_type & 0x7f;
  const uint32_t pressed = type == XCB_KEY_PRESS || type == XCB_BUTTON_PRESS;
  if (!curtain->cover.up) {
    if (type == XCB_KEY_PRESS && hotkey_is(&curtain->hotkey, input)) link_write(&curtain->link, "{\"kind\":\"lock-asked\"}\n", now);
    return;
  }
  const struct monitor *at = NULL;
  if (!curtain->held || cover_stage(&curtain->cover, &at) == XCB_NONE) return;
  struct input out = {INPUT_MOTION, {(uint32_t)(input->root_x - at->x), (uint32_t)(input->root_y - at->y)}};
  if (type != XCB_MOTION_NOTIFY) {
    out.kind = type == XCB_KEY_PRESS || type == XCB_KEY_RELEASE ? INPUT_KEY : INPUT_BUTTON;
    out.values[0] = input->detail;
    out.values[1] = pressed;
  }
  tell_painter(curtain, &out);
}

static void take_event(struct curtain *curtain, const xcb_generic_event_t *event, uint64_t now) {
  const uint8_t type = event->response_type & 0x7f;
  switch (type) {
  case XCB_KEY_PRESS:
  case XCB_KEY_RELEASE:
  case XCB_BUTTON_PRESS:
  case XCB_BUTTON_RELEASE:
  case XCB_MOTION_NOTIFY: return take_input(curtain, event, now);
  case XCB_FOCUS_OUT: {
    const xcb_focus_out_event_t *focus = (const void *)event;
    const bool grabbed = focus->mode == XCB_NOTIFY_MODE_GRAB || focus->mode == XCB_NOTIFY_MODE_UNGRAB;
    if (curtain->cover.up && !grabbed) focus_take(&curtain->cover, &curtain->twin);
    return;
  }
  case XCB_UNMAP_NOTIFY: return repair(curtain, ((const xcb_unmap_notify_event_t *)event)->window, false, now);
  case XCB_DESTROY_NOTIFY: return repair(curtain, ((const xcb_destroy_notify_event_t *)event)->window, true, now);
  case XCB_MAP_NOTIFY: {
    /* Without an overlay a new window lies above ours until it is told otherwise. */
    const xcb_map_notify_event_t *map = (const void *)event;
    const uint32_t client = map->window & ~curtain->cover.client_mask;
    const bool ours = client == curtain->cover.client || client == curtain->twin.other->client;
    if (curtain->cover.up && !ours && is_holder(curtain) && curtain->cover.screens[0].overlay == XCB_NONE)
      raise_cover(curtain, now);
    return;
  }
  case XCB_CONFIGURE_NOTIFY: {
    const xcb_configure_notify_event_t *configured = (const void *)event;
    for (int index = 0; index < curtain->cover.count; index++)
      if (configured->window == curtain->cover.screens[index].info->root) displays_changed(curtain, now);
    return;
  }
  case XCB_MAPPING_NOTIFY: return hotkey_grab(&curtain->hotkey, &curtain->cover);
  default:
    if (curtain->cover.has_randr && (type == curtain->cover.randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY ||
                                     type == curtain->cover.randr_event + XCB_RANDR_NOTIFY))
      displays_changed(curtain, now);
  }
}

/* True when something was heard. */
static bool hear_display(struct curtain *curtain, uint64_t now) {
  bool heard = false;
  for (xcb_generic_event_t *event; (event = xcb_poll_for_event(curtain->cover.x)) != NULL;) {
    take_event(curtain, event, now);
    free(event);
    heard = true;
  }
  if (xcb_connection_has_error(curtain->cover.x)) exit(EXIT_NO_DISPLAY);
  return heard;
}

static void hear_twin(struct curtain *curtain, uint64_t now) {
  const enum twin_state state = twin_look(&curtain->twin);
  if (state == TWIN_HUNG) {
    xcb_kill_client(curtain->cover.x, curtain->twin.other->window);
    xcb_flush(curtain->cover.x);
    twin_end(&curtain->twin);
  }
  /* The focus was the other's, and goes nowhere now: a window manager would give it to somebody. */
  if (is_holder(curtain) && state == TWIN_ENDED && curtain->cover.up) {
    focus_take(&curtain->cover, &curtain->twin);
    xcb_flush(curtain->cover.x);
  }
  if (is_holder(curtain) || state == TWIN_ALIVE) return;
  if (state == TWIN_HUNG) curtain->twin.shared->holder = curtain->twin.own->pid;
  twin_claim(&curtain->twin);
  if (!is_holder(curtain)) return;
  hotkey_grab(&curtain->hotkey, &curtain->cover);
  curtain->unheld_since = curtain->hold_at = now;
  if (curtain->cover.up) raise_cover(curtain, now);
}

static void report_idle(struct curtain *curtain, uint64_t now) {
  if (curtain->cover.up || !is_holder(curtain) || now < curtain->idle_at) return;
  curtain->idle_at = now + SECOND;
  uint64_t milliseconds;
  if (!idle_ask(&curtain->cover, &milliseconds)) return;
  char line[80];
  snprintf(line, sizeof line, "{\"kind\":\"idle\",\"seconds\":%.3f}\n", (double)milliseconds / 1000);
  link_write(&curtain->link, line, now);
}

/* ---- the loop */

static void set_alarm(const struct curtain *curtain, int alarm, uint64_t now) {
  uint64_t next = curtain->beat_at;
  if (!curtain->cover.up && curtain->lease.ends_at > now && curtain->lease.ends_at < next) next = curtain->lease.ends_at;
  if (curtain->cover.up && is_holder(curtain) && curtain->hold_at < next) next = curtain->hold_at;
  if (curtain->link.socket == -1 && curtain->link.try_at < next) next = curtain->link.try_at;
  if (next <= now) next = now + 1;
  const struct itimerspec at = {.it_value = {(time_t)(next / SECOND), (long)(next % SECOND)}};
  timerfd_settime(alarm, TFD_TIMER_ABSTIME, &at, NULL);
}

static void run(struct curtain *curtain, int alarm) {
  for (;;) {
    set_alarm(curtain, alarm, clock_now());
    struct pollfd waits[] = {{.fd = xcb_get_file_descriptor(curtain->cover.x), .events = POLLIN},
                             {.fd = curtain->link.socket, .events = POLLIN},
                             {.fd = curtain->link.life.ended, .events = POLLIN},
                             {.fd = curtain->twin.process, .events = POLLIN},
                             {.fd = curtain->leader_gone ? -1 : LEADER_PIPE, .events = POLLIN},
                             {.fd = alarm, .events = POLLIN}};
    poll(waits, sizeof waits / sizeof *waits, -1);
    const uint64_t now = clock_now();
    if (waits[4].revents != 0) curtain->leader_gone = true;
    hear_twin(curtain, now);
    hear_guard(curtain, now);
    /* Whatever waits for an answer may have put events aside, of which poll() knows nothing. */
    int turns = 0;
    /* Read anew: a lease that was taken a moment ago must not lie in the future. */
    do settle(curtain, clock_now());
    while (hear_display(curtain, now) && ++turns < 4);
    report_idle(curtain, now);
    uint64_t rung;
    if (read(alarm, &rung, sizeof rung) < 0) rung = 0;
    if (now >= curtain->beat_at) {
      curtain->beat_at = now + BEAT_EVERY;
      tell_stage(curtain);
      /* Both cover at the same moment; the other may not have known yet below what it belongs, and hide the stage. */
      if (curtain->cover.up && is_holder(curtain)) cover_lift(&curtain->cover);
      if (curtain->cover.up) focus_keep(&curtain->cover, &curtain->twin);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return EXIT_USAGE;
  const int seat = atoi(argv[4]);
  struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FILE, 0);
  if (shared == MAP_FAILED || seat < 0 || seat >= SEATS) return EXIT_USAGE;
  static struct curtain curtain;
  twin_start(&curtain.twin, shared, seat);
  if (!cover_open(&curtain.cover)) return EXIT_NO_DISPLAY;
  curtain.twin.own->client = curtain.cover.client;
  curtain.twin.own->window = curtain.cover.screens[0].plain;
  hold_start(&curtain.hold, &curtain.cover);
  card_start(&curtain.card, argv[3]);
  link_start(&curtain.link, argv[1], (uid_t)strtoul(argv[2], NULL, 10), seat);
  const int alarm = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (alarm == -1) return EXIT_USAGE;
  harden();
  twin_look(&curtain.twin);
  twin_claim(&curtain.twin);
  hotkey_grab(&curtain.hotkey, &curtain.cover);
  curtain.newcomer_until = clock_now() + SECOND;
  settle(&curtain, clock_now());
  run(&curtain, alarm);
}
