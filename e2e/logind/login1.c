/*
 * login1
 *
 * As much of systemd-logind as a lock needs, on whatever bus DBUS_SYSTEM_BUS_ADDRESS names. Tells on standard output what it
 * is asked (`inhibit <what> <who> <mode>`, `hint <session> locked`, `hint <session> open`) and when an inhibitor is let go
 * (`released`); does what standard input says: `sleep` and `wake` send PrepareForSleep, `lock` and `unlock` send those signals
 * of a session, `stranger` sends a Lock of another interface, `next` shows another session of the seat, `none` shows none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define MANAGER_PATH "/org/freedesktop/login1"
#define MANAGER "org.freedesktop.login1.Manager"
#define SESSION_PATH "/org/freedesktop/login1/session/_31"
#define NEXT_SESSION_PATH "/org/freedesktop/login1/session/_32"
#define SESSION "org.freedesktop.login1.Session"

#define SEAT_PATH "/org/freedesktop/login1/seat/seat0"
#define SEAT "org.freedesktop.login1.Seat"

/* The session that the seat shows; 0 is none. */
static int shown = 1;

/* This end of the pipe whose other end is the inhibitor: it hangs up when that is closed everywhere. */
static int held = -1;

static int inhibit(sd_bus_message *call, void *context, sd_bus_error *error) {
  (void)context, (void)error;
  const char *what, *who, *why, *mode;
  int ends[2];
  const int read = sd_bus_message_read(call, "ssss", &what, &who, &why, &mode);
  if (read < 0) return read;
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  if (held != -1) close(held);
  held = ends[0];
  printf("inhibit %s %s %s\n", what, who, mode);
  const int sent = sd_bus_reply_method_return(call, "h", ends[1]);
  close(ends[1]);
  return sent;
}

static int set_hint(sd_bus_message *call, void *context, sd_bus_error *error) {
  (void)context, (void)error;
  int locked = 0;
  const int read = sd_bus_message_read(call, "b", &locked);
  if (read < 0) return read;
  printf("hint %s %s\n", strrchr(sd_bus_message_get_path(call), '_') + 2, locked ? "locked" : "open");
  return sd_bus_reply_method_return(call, NULL);
}

static int active_session(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *context, sd_bus_error *error) {
  (void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
  char id[16], place[64];
  snprintf(id, sizeof id, "%d", shown);
  snprintf(place, sizeof place, "/org/freedesktop/login1/session/_3%d", shown);
  return sd_bus_message_append(reply, "(so)", shown == 0 ? "" : id, shown == 0 ? "/" : place);
}

static const sd_bus_vtable manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable session[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_SIGNAL("Lock", "", 0),
    SD_BUS_SIGNAL("Unlock", "", 0),
    SD_BUS_METHOD("SetLockedHint", "b", "", set_hint, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable seat[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ActiveSession", "(so)", active_session, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

static void obey(sd_bus *bus, const char *word) {
  if (strcmp(word, "sleep") == 0) sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "PrepareForSleep", "b", 1);
  if (strcmp(word, "wake") == 0) sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "PrepareForSleep", "b", 0);
  if (strcmp(word, "lock") == 0) sd_bus_emit_signal(bus, SESSION_PATH, SESSION, "Lock", "");
  if (strcmp(word, "unlock") == 0) sd_bus_emit_signal(bus, SESSION_PATH, SESSION, "Unlock", "");
  if (strcmp(word, "next") == 0 || strcmp(word, "none") == 0) {
    shown = *word == 'n' && word[1] == 'e' ? 2 : 0;
    sd_bus_emit_properties_changed(bus, SEAT_PATH, SEAT, "ActiveSession", NULL);
  }
  if (strcmp(word, "stranger") == 0) sd_bus_emit_signal(bus, SESSION_PATH, "org.example.Session", "Lock", "");
}

int main(void) {
  sd_bus *bus = NULL;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (sd_bus_open_system(&bus) < 0 || sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER, manager, NULL) < 0 ||
      sd_bus_add_object_vtable(bus, NULL, SESSION_PATH, SESSION, session, NULL) < 0 ||
      sd_bus_add_object_vtable(bus, NULL, NEXT_SESSION_PATH, SESSION, session, NULL) < 0 ||
      sd_bus_add_object_vtable(bus, NULL, SEAT_PATH, SEAT, seat, NULL) < 0 ||
      sd_bus_request_name(bus, "org.freedesktop.login1", 0) < 0)
    return 1;
  puts("ready");
  for (;;) {
    while (sd_bus_process(bus, NULL) > 0) continue;
    sd_bus_flush(bus);
    struct pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = sd_bus_get_fd(bus), .events = (short)sd_bus_get_events(bus)},
                             {.fd = held, .events = POLLIN}};
    poll(waits, 3, -1);
    if ((waits[2].revents & POLLHUP) != 0) {
      puts("released");
      close(held);
      held = -1;
    }
    if (waits[0].revents == 0) continue;
    char words[256];
    const ssize_t got = read(STDIN_FILENO, words, sizeof words - 1);
    if (got <= 0) return 0;
    words[got] = '\0';
    for (char *word = strtok(words, "\n"); word != NULL; word = strtok(NULL, "\n")) obey(bus, word);
  }
}
