/*
 * Under the C library of one process (LD_PRELOAD): its files in one folder fail as a disk fails. What fails is in a page that
 * the test shares with it: see disk.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The order of the fields is that of disk.ts. */
struct faults {
  int full;       /* nothing that needs room succeeds */
  int read_only;  /* nothing is opened for writing, made, renamed or removed */
  int bad_flushes; /* so many flushes fail from now on */
  int volatile_since; /* what is written is noted, so that it can be forgotten where no flush came after it: see power.ts */
};

static volatile struct faults *faults;
static const char *folder;
static size_t folder_length;
/* What was there before, in the order in which it was changed. */
static int notes = -1;
static char notes_path[4096];

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("KAZASU_DISK_FAULTS");
  folder = getenv("KAZASU_DISK_FOLDER");
  if (path == NULL || folder == NULL) return;
  folder_length = strlen(folder);
  int (*real)(const char *, int, ...) = next("open");
  int file = real(path, O_RDWR | O_CLOEXEC);
  if (file == -1) return;
  void *page = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) faults = page;
  snprintf(notes_path, sizeof notes_path, "%s.notes", path);
  notes = real(notes_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int concerns_path(const char *path) {
  return faults != NULL && path != NULL && strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

static int path_of(int file, char path[4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, 4095);
  if (length < 0) return 0;
  path[length] = '\0';
  return 1;
}

static int concerns_file(int file) {
  char path[4096];
  return faults != NULL && path_of(file, path) && concerns_path(path);
}

static int fail(int code) {
  errno = code;
  return -1;
}

enum { NOTE_BYTES = 1, NOTE_FLUSH, NOTE_RENAME, NOTE_CREATE, NOTE_UNLINK };

/* One write, so that notes of several threads do not run into each other. */
static void note(int64_t kind, int64_t inode, int64_t at, int64_t size, const char *text, int64_t text_length,
                 const void *bytes, int64_t length) {
  int64_t head[6] = {kind, inode, at, size, text_length, length};
  size_t whole = sizeof head + (size_t)text_length + (size_t)length;
  char *all = malloc(whole);
  if (all == NULL) abort();
  memcpy(all, head, sizeof head);
  memcpy(all + sizeof head, text, (size_t)text_length);
  memcpy(all + sizeof head + text_length, bytes, (size_t)length);
  ssize_t (*real)(int, const void *, size_t) = next("write");
  if (real(notes, all, whole) != (ssize_t)whole) abort();
  free(all);
}

static int notes_any(void) { return faults != NULL && faults->volatile_since && notes != -1; }

/* What the file has there, up to where it ends. */
static void note_bytes(int file, off_t at, size_t length) {
  struct stat found;
  if (!notes_any() || !concerns_file(file) || fstat(file, &found) == -1 || !S_ISREG(found.st_mode)) return;
  off_t end = at + (off_t)length < found.st_size ? at + (off_t)length : found.st_size;
  size_t old = end > at ? (size_t)(end - at) : 0;
  char *bytes = malloc(old + 1);
  if (bytes == NULL) abort();
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", file);
  int (*real_open)(const char *, int, ...) = next("open");
  int reading = real_open(self, O_RDONLY | O_CLOEXEC);
  if (reading == -1 || pread(reading, bytes, old, at) != (ssize_t)old) abort();
  close(reading);
  note(NOTE_BYTES, (int64_t)found.st_ino, at, found.st_size, "", 0, bytes, (int64_t)old);
  free(bytes);
}

static void note_flush(int file) {
  struct stat found;
  char path[4096];
  if (!notes_any() || !path_of(file, path) || fstat(file, &found) == -1) return;
  /* Names are kept by a flush of their folder. */
  if (concerns_path(path) || strcmp(path, folder) == 0) note(NOTE_FLUSH, (int64_t)found.st_ino, 0, 0, "", 0, "", 0);
}

/* Both names, and where there was something under the second one another name for that, which keeps it. */
static void note_name(int kind, const char *from, const char *to) {
  static int count;
  if (!notes_any() || !concerns_path(to)) return;
  char text[3 * 4096], kept[4200];
  snprintf(kept, sizeof kept, "%s.%d.%d", notes_path, getpid(), __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST));
  int has = kind != NOTE_CREATE && link(to, kept) == 0;
  int length = snprintf(text, sizeof text, "%s\n%s\n%s", from, to, has ? kept : "");
  note(kind, 0, 0, 0, text, length, "", 0);
}

static int may_open(const char *path, int flags) {
  if (!concerns_path(path)) return 0;
  int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  if (writes && faults->read_only) return EROFS;
  struct stat found;
  if (!(flags & O_CREAT) || stat(path, &found) == 0) return 0;
  if (faults->full) return ENOSPC;
  note_name(NOTE_CREATE, "", path);
  return 0;
}

#define OPENING(name)                                                                                                  \
  int name(const char *path, int flags, ...) {                                                                         \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                                          \
    va_end(rest);                                                                                                      \
    int code = may_open(path, flags);                                                                                  \
    if (code != 0) return fail(code);                                                                                  \
    int (*real)(const char *, int, ...) = next(#name);                                                                 \
    return real(path, flags, mode);                                                                                    \
  }
OPENING(open)
OPENING(open64)

/* Room that a file has already is there on a full disk, too. */
static int needs_room(int file, off_t end) {
  struct stat found;
  return concerns_file(file) && faults->full && fstat(file, &found) == 0 && end > found.st_size;
}

ssize_t write(int file, const void *bytes, size_t length) {
  ssize_t (*real)(int, const void *, size_t) = next("write");
  if (faults != NULL && faults->full && file > 2) {
    off_t at = lseek(file, 0, SEEK_CUR);
    if (at != -1 && needs_room(file, at + (off_t)length)) return fail(ENOSPC);
  }
  if (faults != NULL && faults->volatile_since && file > 2) {
    off_t at = lseek(file, 0, SEEK_CUR);
    if (at != -1) note_bytes(file, at, length);
  }
  return real(file, bytes, length);
}

#define WRITING(name)                                                                                                  \
  ssize_t name(int file, const void *bytes, size_t length, off_t at) {                                                 \
    ssize_t (*real)(int, const void *, size_t, off_t) = next(#name);                                                   \
    if (needs_room(file, at + (off_t)length)) return fail(ENOSPC);                                                     \
    note_bytes(file, at, length);                                                                                      \
    return real(file, bytes, length, at);                                                                              \
  }
WRITING(pwrite)
WRITING(pwrite64)

static int flush_fails(int file) {
  if (faults == NULL || faults->bad_flushes <= 0 || !concerns_file(file)) return 0;
  return __atomic_fetch_sub(&faults->bad_flushes, 1, __ATOMIC_SEQ_CST) > 0;
}

#define FLUSHING(name)                                                                                                 \
  int name(int file) {                                                                                                 \
    int (*real)(int) = next(#name);                                                                                    \
    if (flush_fails(file)) return fail(EIO);                                                                           \
    int done = real(file);                                                                                             \
    if (done == 0) note_flush(file);                                                                                   \
    return done;                                                                                                       \
  }
FLUSHING(fsync)
FLUSHING(fdatasync)

#define CUTTING(name)                                                                                                  \
  int name(int file, off_t end) {                                                                                      \
    int (*real)(int, off_t) = next(#name);                                                                             \
    struct stat found;                                                                                                 \
    if (faults != NULL && fstat(file, &found) == 0 && found.st_size > end)                                             \
      note_bytes(file, end, (size_t)(found.st_size - end));                                                            \
    return real(file, end);                                                                                            \
  }
CUTTING(ftruncate)
CUTTING(ftruncate64)

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) = next("rename");
  if (concerns_path(to) && faults->read_only) return fail(EROFS);
  note_name(NOTE_RENAME, from, to);
  return real(from, to);
}

int unlink(const char *path) {
  int (*real)(const char *) = next("unlink");
  if (concerns_path(path) && faults->read_only) return fail(EROFS);
  note_name(NOTE_UNLINK, "", path);
  return real(path);
}
