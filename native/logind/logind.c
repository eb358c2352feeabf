/*
 * logind
 *
 * Stands between the guard and systemd-logind. Holds a delay inhibitor for sleep, so that the machine waits until the
 * screens are covered, and passes on what logind asks. One word a line; standard output to the guard:
 *
 *   ready    logind is there, and a sleep will be waited for
 *   absent   it is not, or lets nothing be held up; asked again every second
 *   sleep    the machine is about to sleep: cover, then write `covered`
 *   woke     it has woken; a new inhibitor is held
 *   lock     somebody asked logind to lock a session
 *   unlock   somebody asked it to unlock one. The guard does not
 *
 * Standard input: `covered` lets a sleep go on; `locked` and `open` are what LockedHint says from now on of the session that
 * seat0 shows, and one that it shows no more is locked; its end, and no signal that asks, ends this, and leaves `locked`:
 * without a guard nothing is open. An inhibitor that was not let go ends by itself after InhibitDelayMaxSec (logind.conf),
 * five seconds unless somebody has changed it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define SERVICE "org.freedesktop.login1"
#define MANAGER_PATH "/org/freedesktop/login1"
#define MANAGER "org.freedesktop.login1.Manager"
#define SESSION "org.freedesktop.login1.Session"
#define SEAT_PATH "/org/freedesktop/login1/seat/seat0"
#define SEAT "org.freedesktop.login1.Seat"
/* `guard/logind-link.ts` waits twice as long for the end of this process. */
#define LAST_WORD_MICROSECONDS 500000
#define RETRY_MILLISECONDS 1000
#define LONGEST_LINE 64

struct logind {
  sd_bus *bus;
  /* Of the inhibitor; -1 while none is held. */
  int inhibitor;
  /* What was said last of being there. */
  const char *told;
  /* What LockedHint is to say; -1 before the guard has said anything. */
  int hint;
  /* The session that was told so last; NULL while none is shown. */
  char *session;
};

static void tell(const char *word) {
  puts(word);
  fflush(stdout);
}

static void tell_presence(struct logind *logind, const char *word) {
  if (logind->told == word) return;
  logind->told = word;
  tell(word);
}

static void let_go(struct logind *logind) {
  if (logind->inhibitor != -1) close(logind->inhibitor);
  logind->inhibitor = -1;
}

static bool hold(struct logind *logind) {
  sd_bus_message *reply = NULL;
  int file = -1;
  const int asked = sd_bus_call_method(logind->bus, SERVICE, MANAGER_PATH, MANAGER, "Inhibit", NULL, &reply, "ssss",
                                       "sleep", "Kazasu", "The screen is covered before the machine sleeps", "delay");
  if (asked >= 0 && sd_bus_message_read(reply, "h", &file) >= 0) logind->inhibitor = fcntl(file, F_DUPFD_CLOEXEC, 3);
  sd_bus_message_unref(reply);
  return logind->inhibitor != -1;
}

static int prepare_for_sleep(sd_bus_message *message, void *context, sd_bus_error *error) {
  (void)error;
  struct logind *logind = context;
  int starts = 0;
  if (sd_bus_message_read(message, "b", &starts) < 0) return 0;
  if (starts) {
    tell("sleep");
  } else {
    let_go(logind);
    hold(logind);
    tell("woke");
  }
  return 0;
}

/* Only root and the session's own user may; it is a hint, and nothing waits for it. A session that has ended has none. */
static int hint_given(sd_bus_message *reply, void *context, sd_bus_error *error) {
  (void)context, (void)error;
  const sd_bus_error *refused = sd_bus_message_get_error(reply);
  if (refused != NULL && !sd_bus_error_has_name(refused, SD_BUS_ERROR_UNKNOWN_OBJECT))
    fprintf(stderr, "logind: LockedHint is not taken: %s\n", refused->name);
  return 0;
}

static void set_hint(struct logind *logind, const char *session, int locked) {
  sd_bus_call_method_async(logind->bus, NULL, SERVICE, session, SESSION, "SetLockedHint", hint_given, NULL, "b", locked);
}

static int session_found(sd_bus_message *reply, void *context, sd_bus_error *error) {
  (void)error;
  struct logind *logind = context;
  const char *id, *path;
  if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_enter_container(reply, 'v', "(so)") < 0 ||
      sd_bus_message_read(reply, "(so)", &id, &path) < 0)
    return 0;
  if (logind->session != NULL && strcmp(path, logind->session) != 0) set_hint(logind, logind->session, true);
  free(logind->session);
  /* No session is shown there: "/". */
  logind->session = *id == '\0' ? NULL : strdup(path);
  if (logind->session != NULL) set_hint(logind, logind->session, logind->hint == 1);
  return 0;
}

static void give_hint(struct logind *logind) {
  if (logind->bus == NULL || logind->hint == -1) return;
  sd_bus_call_method_async(logind->bus, NULL, SERVICE, SEAT_PATH, "org.freedesktop.DBus.Properties", "Get",
                           session_found, logind, "ss", SEAT, "ActiveSession");
}

/* Another session is shown: it is behind the same cover. */
static int seat_changed(sd_bus_message *message, void *context, sd_bus_error *error) {
  (void)message, (void)error;
  give_hint(context);
  return 0;
}

/* A logind that was started anew knows of no inhibitor. */
static int owner_changed(sd_bus_message *message, void *context, sd_bus_error *error) {
  (void)error;
  struct logind *logind = context;
  const char *name, *before, *now;
  if (sd_bus_message_read(message, "sss", &name, &before, &now) < 0 || strcmp(name, SERVICE) != 0) return 0;
  let_go(logind);
  tell_presence(logind, *now != '\0' && hold(logind) ? "ready" : "absent");
  give_hint(logind);
  return 0;
}

/* Whichever session it is of: a terminal has one, and covering too often is no harm. */
static int lock_asked(sd_bus_message *message, void *context, sd_bus_error *error) {
  (void)message, (void)context, (void)error;
  tell("lock");
  return 0;
}

static int unlock_asked(sd_bus_message *message, void *context, sd_bus_error *error) {
  (void)message, (void)context, (void)error;
  tell("unlock");
  return 0;
}

static void leave(struct logind *logind) {
  let_go(logind);
  logind->bus = sd_bus_flush_close_unref(logind->bus);
}

static bool join(struct logind *logind) {
  if (sd_bus_open_system(&logind->bus) >= 0 &&
      sd_bus_match_signal(logind->bus, NULL, SERVICE, MANAGER_PATH, MANAGER, "PrepareForSleep", prepare_for_sleep,
                          logind) >= 0 &&
      sd_bus_match_signal(logind->bus, NULL, "org.freedesktop.DBus", NULL, "org.freedesktop.DBus", "NameOwnerChanged",
                          owner_changed, logind) >= 0 &&
      sd_bus_match_signal(logind->bus, NULL, SERVICE, NULL, SESSION, "Lock", lock_asked, logind) >= 0 &&
      sd_bus_match_signal(logind->bus, NULL, SERVICE, NULL, SESSION, "Unlock", unlock_asked, logind) >= 0 &&
      sd_bus_match_signal(logind->bus, NULL, SERVICE, SEAT_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                          seat_changed, logind) >= 0 &&
      hold(logind)) {
    give_hint(logind);
    return true;
  }
  leave(logind);
  return false;
}

/* False when the guard is gone. */
static bool hear_guard(struct logind *logind) {
  static char line[LONGEST_LINE];
  static size_t length;
  const ssize_t got = read(STDIN_FILENO, line + length, sizeof line - length);
  if (got <= 0) return got == -1 && errno == EINTR;
  length += (size_t)got;
  for (char *end; (end = memchr(line, '\n', length)) != NULL;) {
    *end = '\0';
    if (strcmp(line, "covered") == 0) let_go(logind);
    const int hint = strcmp(line, "locked") == 0 ? 1 : strcmp(line, "open") == 0 ? 0 : -1;
    if (hint != -1) logind->hint = hint, give_hint(logind);
    const size_t taken = (size_t)(end - line) + 1;
    length -= taken;
    memmove(line, line + taken, length);
  }
  /* No word is so long. */
  if (length == sizeof line) length = 0;
  return true;
}

/* False when the bus is gone. */
static bool hear_bus(struct logind *logind) {
  int done;
  while ((done = sd_bus_process(logind->bus, NULL)) > 0) continue;
  return done == 0;
}

/* The guard's end ends every lease. */
static void say_locked(struct logind *logind) {
  if (logind->bus == NULL || logind->hint != 0 || logind->session == NULL) return;
  sd_bus_set_method_call_timeout(logind->bus, LAST_WORD_MICROSECONDS);
  sd_bus_call_method(logind->bus, SERVICE, logind->session, SESSION, "SetLockedHint", NULL, NULL, "b", 1);
}

int main(void) {
  struct logind logind = {.inhibitor = -1, .hint = -1};
  /* Whoever ends the guard asks all that it has started; this has a last word to say, and ends with it. */
  const int asked[] = {SIGTERM, SIGINT, SIGHUP};
  for (size_t index = 0; index < sizeof asked / sizeof *asked; index++) signal(asked[index], SIG_IGN);
  for (;;) {
    if (logind.bus == NULL) tell_presence(&logind, join(&logind) ? "ready" : "absent");
    if (logind.bus != NULL && !hear_bus(&logind)) leave(&logind);
    const bool joined = logind.bus != NULL;
    struct pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = joined ? sd_bus_get_fd(logind.bus) : -1,
                              .events = (short)(joined ? sd_bus_get_events(logind.bus) : 0)}};
    poll(waits, 2, RETRY_MILLISECONDS);
    if (waits[0].revents != 0 && !hear_guard(&logind)) break;
  }
  say_locked(&logind);
  leave(&logind);
  free(logind.session);
  return 0;
}
