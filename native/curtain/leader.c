/*
 * leader [--leave-display] [--desktop PROGRAM] PROGRAMS GUARD_SOCKET GUARD_USER [FOLDER SCREEN [ARGUMENT...]]
 *
 * The first process of an X session on a terminal. It keeps two curtains running, and the screen that is painted on them. When neither is left that covers,
 * or neither moves any more, the X server is ended: nobody ever sees the desktop instead.
 */
#define _GNU_SOURCE
#include "child.h"
#include "clock.h"
#include "exits.h"
#include "shared.h"
#include "ui.h"
#include "xserver.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURN 200
/* Later than a curtain's own judgement of its twin. */
#define ALL_HUNG_AFTER (1500 * MILLISECOND)
#define FIRST_COVER_WITHIN (5 * SECOND)

struct leader {
  bool leave_display;
  int xserver;
  struct shared *shared;
  struct child curtains[SEATS];
  struct ui ui;
  /* What people work with; it begins behind a closed curtain. */
  struct child desktop;
  uint64_t began_at, turned_at;
};

static void end_children(struct leader *leader) {
  for (int seat = 0; seat < SEATS; seat++) child_kill(&leader->curtains[seat], SIGKILL);
  ui_end(&leader->ui, SIGKILL);
  child_kill(&leader->desktop, SIGKILL);
}

static _Noreturn void end_session(struct leader *leader, const char *why) {
  fprintf(stderr, "leader: the session ends: %s\n", why);
  xserver_end(leader->xserver);
  end_children(leader);
  exit(EXIT_CANNOT_HOLD);
}

static void start_curtain(struct leader *leader, int seat, uint64_t now) {
  struct seat *place = &leader->shared->seats[seat];
  place->ready = 0;
  if (!child_start(&leader->curtains[seat], now)) leader->curtains[seat].pid = 0;
}

static bool is_covering(const struct leader *leader, int seat) {
  const struct child *child = &leader->curtains[seat];
  const struct seat *place = &leader->shared->seats[seat];
  return child->pid > 0 && place->pid == child->pid && place->ready;
}

/* Called at each turn and at each death. */
static void judge(struct leader *leader, uint64_t now) {
  const bool was_held_up = now - leader->turned_at > HUNG_AFTER / 2;
  leader->turned_at = now;
  int covering = 0, moving = 0;
  for (int seat = 0; seat < SEATS; seat++) {
    if (!is_covering(leader, seat)) continue;
    covering++;
    const uint64_t beat = leader->shared->seats[seat].beat;
    if (now < beat || now - beat < ALL_HUNG_AFTER) moving++;
  }
  if (covering == 0 && leader->shared->covered_once) end_session(leader, "no curtain is left");
  if (covering == 0 && now - leader->began_at > FIRST_COVER_WITHIN) end_session(leader, "no curtain covers");
  if (covering > 0 && moving == 0 && !was_held_up) end_session(leader, "no curtain moves");
}

static void bury(struct leader *leader, uint64_t now) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
    /* Nobody here has a reason to stand still. What is stopped is ended, and made anew as whatever else ends. */
    if (WIFSTOPPED(status)) {
      fprintf(stderr, "leader: process %d was stopped\n", (int)pid);
      kill(pid, SIGKILL);
      continue;
    }
    if (ui_bury(&leader->ui, pid, status, now)) continue;
    if (pid == leader->desktop.pid) child_ended(&leader->desktop, now, SECOND, 10 * SECOND);
    for (int seat = 0; seat < SEATS; seat++) {
      struct child *child = &leader->curtains[seat];
      if (child->pid != pid) continue;
      fprintf(stderr, "leader: curtain %d ended: %s %d\n", seat, WIFSIGNALED(status) ? "signal" : "code",
              WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      child_ended(child, now, 0, 100 * MILLISECOND);
      if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CANNOT_HOLD)
        end_session(leader, "keyboard and pointer cannot be held");
    }
  }
  judge(leader, now);
}

static void start_due(struct leader *leader, uint64_t now) {
  struct child *desktop = &leader->desktop;
  if (desktop->command != NULL && desktop->pid == 0 && leader->shared->covered_once && now >= desktop->start_at)
    child_start(desktop, now);
  for (int seat = 0; seat < SEATS; seat++) {
    const struct child *child = &leader->curtains[seat];
    if (child->pid == 0 && now >= child->start_at) start_curtain(leader, seat, now);
  }
}

static int run(struct leader *leader, int signals) {
  for (;;) {
    start_due(leader, clock_awake());
    ui_turn(&leader->ui, clock_awake());
    struct pollfd waits[] = {{.fd = signals, .events = POLLIN},
                             {.fd = leader->xserver, .events = POLLIN},
                             {.fd = leader->ui.has_display ? -1 : leader->ui.number, .events = POLLIN}};
    bool due_soon = leader->ui.display.command != NULL && (leader->ui.painter.pid == 0 || leader->ui.screen.pid == 0);
    const int longest = due_soon ? 20 : TURN;
    due_soon = false;
    for (int seat = 0; seat < SEATS; seat++) due_soon |= leader->curtains[seat].pid == 0;
    poll(waits, 3, due_soon ? 5 : longest);
    const uint64_t now = clock_awake();
    if (waits[1].revents != 0) {
      end_children(leader);
      return 0;
    }
    struct signalfd_siginfo heard;
    bool asked = false;
    while (read(signals, &heard, sizeof heard) == (ssize_t)sizeof heard) asked |= heard.ssi_signo != SIGCHLD;
    if (asked && !leader->leave_display) end_session(leader, "it was asked to");
    if (asked) {
      end_children(leader);
      return 0;
    }
    bury(leader, now);
  }
}

static char *join(const char *folder, const char *name) {
  char *path = NULL;
  if (asprintf(&path, "%s/%s", folder, name) == -1) exit(EXIT_USAGE);
  return path;
}

int main(int argc, char **argv) {
  static struct leader leader;
  int at = 1;
  static char *desktop[2];
  if (at < argc && strcmp(argv[at], "--leave-display") == 0) leader.leave_display = true, at++;
  if (at + 1 < argc && strcmp(argv[at], "--desktop") == 0) desktop[0] = argv[at + 1], at += 2;
  if (argc - at != 3 && argc - at < 5) {
    fprintf(stderr, "usage: leader [--leave-display] [--desktop PROGRAM] PROGRAMS GUARD_SOCKET GUARD_USER [FOLDER SCREEN [ARGUMENT...]]\n");
    return EXIT_USAGE;
  }
  const char *programs = argv[at], *guard = argv[at + 1], *guard_user = argv[at + 2];
  leader.xserver = xserver_find();
  const int memory = memfd_create("curtains", MFD_CLOEXEC);
  int painter[2], life[2];
  if (leader.xserver == -1) return fprintf(stderr, "leader: there is no X server at DISPLAY\n"), EXIT_NO_DISPLAY;
  if (memory == -1 || ftruncate(memory, sizeof *leader.shared) != 0) return EXIT_USAGE;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, painter) != 0 || pipe2(life, O_CLOEXEC) != 0)
    return EXIT_USAGE;
  leader.shared = mmap(NULL, sizeof *leader.shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (leader.shared == MAP_FAILED) return EXIT_USAGE;

  sigset_t wanted;
  sigemptyset(&wanted);
  const int heard[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
  for (size_t index = 0; index < sizeof heard / sizeof *heard; index++) sigaddset(&wanted, heard[index]);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  const int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

  static char *const seats[SEATS] = {"0", "1"};
  for (int seat = 0; seat < SEATS; seat++) {
    char *const command[] = {join(programs, "curtain"), (char *)guard,  (char *)guard_user,
                             join(programs, "glyphs"),  seats[seat], NULL};
    char **kept = malloc(sizeof command);
    if (kept == NULL) return EXIT_USAGE;
    memcpy(kept, command, sizeof command);
    leader.curtains[seat] = (struct child){.name = "curtain",
                                           .command = kept,
                                           .files = {{memory, 3}, {painter[0], 4}, {life[0], 5}, {-1, -1}}};
  }
  if (desktop[0] != NULL)
    leader.desktop = (struct child){
        .name = "desktop", .command = desktop, .files = {{-1, -1}}, .ends_with_leader = true};
  leader.ui.number = -1;
  if (argc - at > 3 && !ui_prepare(&leader.ui, programs, argv[at + 3], &argv[at + 4], painter[1])) {
    fprintf(stderr, "leader: nothing can be written in %s\n", argv[at + 3]);
    return EXIT_USAGE;
  }
  leader.began_at = leader.turned_at = clock_awake();
  return run(&leader, signals);
}
