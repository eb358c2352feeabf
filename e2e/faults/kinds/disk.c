/*
 * Under the C library of one process (LD_PRELOAD): its files in one folder fail as a disk fails. What fails is in a page that
 * the test shares with it: see disk.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
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
};

static volatile struct faults *faults;
static const char *folder;
static size_t folder_length;

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
}

static int concerns_path(const char *path) {
  return faults != NULL && path != NULL && strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

static int concerns_file(int file) {
  if (faults == NULL) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return concerns_path(path);
}

static int fail(int code) {
  errno = code;
  return -1;
}

static int may_open(const char *path, int flags) {
  if (!concerns_path(path)) return 0;
  int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  if (writes && faults->read_only) return EROFS;
  struct stat found;
  if ((flags & O_CREAT) && faults->full && stat(path, &found) == -1) return ENOSPC;
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
  return real(file, bytes, length);
}

#define WRITING(name)                                                                                                  \
  ssize_t name(int file, const void *bytes, size_t length, off_t at) {                                                 \
    ssize_t (*real)(int, const void *, size_t, off_t) = next(#name);                                                   \
    return needs_room(file, at + (off_t)length) ? fail(ENOSPC) : real(file, bytes, length, at);                        \
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
    return flush_fails(file) ? fail(EIO) : real(file);                                                                 \
  }
FLUSHING(fsync)
FLUSHING(fdatasync)

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) = next("rename");
  return concerns_path(to) && faults->read_only ? fail(EROFS) : real(from, to);
}

int unlink(const char *path) {
  int (*real)(const char *) = next("unlink");
  return concerns_path(path) && faults->read_only ? fail(EROFS) : real(path);
}
