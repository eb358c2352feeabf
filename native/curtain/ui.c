#define _GNU_SOURCE
#include "ui.h"
#include "clock.h"
#include "exits.h"
#include "shared.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_PAUSE (20 * MILLISECOND)
#define LONG_PAUSE (2 * SECOND)
/* What somebody else killed is not ill. */
#define KILLED_PAUSE (160 * MILLISECOND)
/* Silence after which each counts as hung. */
#define PAINTER_SILENT (3 * SECOND)
#define HANGS_AGAIN_WITHIN (10 * SECOND)
#define SCREEN_SILENT (4 * SECOND)
/* A screen that starts on a busy machine has other things to do than to beat; one that is ended for it never starts. */
#define SCREEN_STARTS_WITHIN (20 * SECOND)

/* One Xauthority record of family FamilyWild: it fits whichever display number is free. */
static bool write_cookie(const char *path) {
  static const char name[] = "MIT-MAGIC-COOKIE-1";
  uint8_t cookie[16];
  if (getrandom(cookie, sizeof cookie, 0) != (ssize_t)sizeof cookie) return false;
  unlink(path);
  const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file == -1) return false;
  uint8_t record[64] = {0xff, 0xff, 0, 0, 0, 0, 0, sizeof name - 1};
  size_t length = 8;
  memcpy(record + length, name, sizeof name - 1);
  length += sizeof name - 1;
  record[length++] = 0;
  record[length++] = sizeof cookie;
  memcpy(record + length, cookie, sizeof cookie);
  length += sizeof cookie;
  const bool written = write(file, record, length) == (ssize_t)length;
  close(file);
  return written;
}

static bool make_pipe(int *read_end, int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  *read_end = ends[0];
  *write_end = ends[1];
  return true;
}

static char *const *keep(char *const *command, size_t count) {
  char **kept = calloc(count + 1, sizeof *kept);
  if (kept != NULL) memcpy(kept, command, count * sizeof *kept);
  return kept;
}

bool ui_prepare(struct ui *ui, const char *programs, const char *folder, char *const *screen, int to_painter) {
  char *painter = NULL;
  if (asprintf(&painter, "%s/painter", programs) == -1 || asprintf(&ui->authority, "%s/private.xauth", folder) == -1)
    return false;
  if (strlen(ui->authority) + sizeof "XAUTHORITY=" > sizeof ui->authority_variable || !write_cookie(ui->authority))
    return false;
  if (!make_pipe(&ui->number, &ui->number_given) || !make_pipe(&ui->painter_beat, &ui->painter_beat_given) ||
      !make_pipe(&ui->screen_beat, &ui->screen_beat_given))
    return false;
  snprintf(ui->authority_variable, sizeof ui->authority_variable, "XAUTHORITY=%s", ui->authority);
  char *const display[] = {painter, "--private", "3", ui->authority};
  char *const paint[] = {painter, ui->name, ui->authority};
  ui->display = (struct child){.name = "private display",
                               .command = keep(display, 4),
                               .files = {{ui->number_given, 3}, {-1, -1}},
                               .ends_with_leader = true};
  ui->painter = (struct child){.name = "painter",
                               .command = keep(paint, 3),
                               .files = {{to_painter, 3}, {ui->painter_beat_given, 4}, {-1, -1}},
                               .ends_with_leader = true};
  ui->screen = (struct child){.name = "screen",
                              .command = screen,
                              /* What is typed into the screen goes through no input method of the session. */
                              .environment = {ui->display_variable, ui->authority_variable, ui->scale_variable,
                                              "KAZASU_BEAT=3", "GTK_IM_MODULE=gtk-im-context-simple", "XMODIFIERS=@im=none"},
                              .files = {{ui->screen_beat_given, 3}, {-1, -1}},
                              .ends_with_leader = true};
  return ui->display.command != NULL && ui->painter.command != NULL;
}

/* True when anything was in the pipe. */
static bool drain(int file) {
  char bytes[256];
  bool any = false;
  while (read(file, bytes, sizeof bytes) > 0) any = true;
  return any;
}

static void take_line(struct ui *ui) {
  unsigned number;
  if (sscanf(ui->line, SCALE_LINE, &number) == 1) {
    snprintf(ui->scale_variable, sizeof ui->scale_variable, "KAZASU_SCALE=%u.%02u", number / 100, number % 100);
  } else if (sscanf(ui->line, "%u", &number) == 1) {
    snprintf(ui->name, sizeof ui->name, ":%u", number);
    snprintf(ui->display_variable, sizeof ui->display_variable, "DISPLAY=%s", ui->name);
    ui->has_display = true;
  }
}

static void read_display(struct ui *ui) {
  char next;
  /* A line and its end may come one after the other. */
  while (!ui->has_display && read(ui->number, &next, 1) == 1) {
    if (next != '\n' && ui->line_length < sizeof ui->line - 1) ui->line[ui->line_length++] = next;
    if (next != '\n') continue;
    ui->line[ui->line_length] = '\0';
    ui->line_length = 0;
    take_line(ui);
  }
}

static void start(struct child *child, uint64_t now) {
  if (!child_start(child, now)) child->pid = 0, child->start_at = now + LONG_PAUSE;
}

static uint64_t silence_allowed(const struct ui *ui, uint64_t now) {
  const bool starts = !ui->screen_beats || now - ui->screen.started_at < SCREEN_STARTS_WITHIN;
  return starts ? SCREEN_STARTS_WITHIN / 2 : SCREEN_SILENT;
}

void ui_turn(struct ui *ui, uint64_t now) {
  if (ui->display.command == NULL) return;
  read_display(ui);
  if (drain(ui->painter_beat)) ui->painter_heard_at = now;
  if (drain(ui->screen_beat)) ui->screen_heard_at = now, ui->screen_beats = true;
  if (ui->display.pid == 0 && now >= ui->display.start_at) start(&ui->display, now);
  if (!ui->has_display) return;
  if (ui->painter.pid == 0 && now >= ui->painter.start_at) {
    start(&ui->painter, now);
    ui->painter_heard_at = now;
  }
  if (ui->screen.pid == 0 && now >= ui->screen.start_at) {
    start(&ui->screen, now);
    ui->screen_heard_at = now;
    ui->screen_beats = false;
  }
  /* A painter that says nothing again, soon after it was made anew, is held by its display. */
  if (ui->painter.pid > 0 && now - ui->painter_heard_at > PAINTER_SILENT) {
    fprintf(stderr, "leader: the painter hangs\n");
    ui->painter_heard_at = now;
    ui->painter.hung = true;
    child_kill(&ui->painter, SIGKILL);
    if (ui->painter_hung_at != 0 && now - ui->painter_hung_at < HANGS_AGAIN_WITHIN)
      child_kill(&ui->display, SIGKILL);
    ui->painter_hung_at = now;
  }
  if (ui->screen.pid > 0 && now - ui->screen_heard_at > silence_allowed(ui, now)) {
    fprintf(stderr, "leader: the screen hangs\n");
    ui->screen_heard_at = now;
    ui->screen.hung = true;
    child_kill(&ui->screen, SIGKILL);
  }
}

bool ui_bury(struct ui *ui, pid_t pid, int status, uint64_t now) {
  struct child *const children[] = {&ui->display, &ui->painter, &ui->screen};
  for (size_t index = 0; index < sizeof children / sizeof *children; index++) {
    struct child *child = children[index];
    if (child->pid != pid) continue;
    const bool signalled = WIFSIGNALED(status);
    fprintf(stderr, "leader: %s ended: %s %d\n", child->name, signalled ? "signal" : "code",
            signalled ? WTERMSIG(status) : WEXITSTATUS(status));
    const bool killed = signalled && WTERMSIG(status) == SIGKILL && !child->hung;
    child_ended(child, now, SHORT_PAUSE, killed ? KILLED_PAUSE : LONG_PAUSE);
    child->hung = false;
    if (child == &ui->painter && !signalled && WEXITSTATUS(status) == EXIT_RESIZED) {
      ui->painter.pause = ui->display.pause = ui->screen.pause = 0;
      ui->painter.start_at = now;
      child_kill(&ui->display, SIGTERM);
    }
    if (child == &ui->display) {
      ui->has_display = false;
      ui->line_length = 0;
      drain(ui->number);
      /* Nothing can be shown there any more, and neither may wait for its own notice of that. */
      child_kill(&ui->painter, SIGKILL);
      child_kill(&ui->screen, SIGKILL);
    }
    return true;
  }
  return false;
}

void ui_end(struct ui *ui, int signal) {
  child_kill(&ui->screen, signal);
  child_kill(&ui->painter, signal);
  child_kill(&ui->display, signal);
}
