/*
 * sealed SEAL PROGRAM [ARGUMENT...]
 *
 * Becomes a program if every file of its folder is as it was when the release was made, and ends with 78 otherwise. The
 * folder's list, files.sha256, is as sha256sum(1) writes it; SEAL is the hash of that list. It comes from somewhere that
 * whoever can write into the folder cannot. What differs is said on standard error, and to the guard at KAZASU_GUARD_SOCKET.
 */
#define _GNU_SOURCE
#include "exits.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LIST "files.sha256"
#define DIGITS 64
/* Of the name that the guard is told; the contract has 80 for all of it. */
#define LONGEST_NAME 60
#define GUARD_PATIENCE_SECONDS 1

struct entry {
  const char *hash, *name;
  bool seen;
};

struct list {
  struct entry *entries;
  size_t count;
};

struct altered {
  char first[LONGEST_NAME + 1];
  size_t count;
};

static void note(struct altered *altered, const char *name) {
  fputs("sealed: altered: ", stderr);
  for (const char *at = name; *at != '\0'; at++) fputc((unsigned char)*at < ' ' || *at == 127 ? '?' : *at, stderr);
  fputc('\n', stderr);
  /* Into a line of JSON: anything but what file names of a release are made of is left out. */
  if (altered->count++ == 0)
    for (size_t at = 0; *name != '\0' && at < LONGEST_NAME; name++)
      if (*name > ' ' && *name < 127 && *name != '"' && *name != '\\') altered->first[at++] = *name;
}

static void hash_bytes(const void *bytes, size_t length, char hash[DIGITS + 1]) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) != 1 || size != DIGITS / 2) abort();
  for (unsigned at = 0; at < size; at++) snprintf(hash + (size_t)2 * at, 3, "%02x", digest[at]);
}

/* The bytes of a file, for reading alone; NULL when it cannot be read. An empty one has an address, too. */
static void *map_file(const char *path, size_t *length) {
  /* A pipe in its place has nobody at the other end. */
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat about;
  void *bytes = NULL;
  if (file != -1 && fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
    *length = (size_t)about.st_size;
    bytes = *length == 0 ? "" : mmap(NULL, *length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) bytes = NULL;
  }
  if (file != -1) close(file);
  return bytes;
}

/* False when there is nothing to hash: a device, or what cannot be read. A link counts by where it leads. */
static bool hash_entry(const FTSENT *found, char hash[DIGITS + 1]) {
  if (S_ISLNK(found->fts_statp->st_mode)) {
    char target[4096] = "-> ";
    const ssize_t length = readlink(found->fts_accpath, target + 3, sizeof target - 3);
    if (length < 0) return false;
    hash_bytes(target, (size_t)length + 3, hash);
    return true;
  }
  size_t length = 0;
  void *bytes = map_file(found->fts_accpath, &length);
  if (bytes == NULL) return false;
  hash_bytes(bytes, length, hash);
  if (length > 0) munmap(bytes, length);
  return true;
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

/* Cuts the text into its lines, each a hash, two spaces and a name. */
static bool read_list(char *text, struct list *list) {
  size_t lines = 0;
  for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) lines++;
  list->entries = calloc(lines + 1, sizeof *list->entries);
  if (list->entries == NULL) return false;
  char *rest = text;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    if (*line == '\0') continue;
    if (strlen(line) <= DIGITS + 2 || line[DIGITS] != ' ' || line[DIGITS + 1] != ' ') return false;
    line[DIGITS] = '\0';
    list->entries[list->count++] = (struct entry){.hash = line, .name = line + DIGITS + 2};
  }
  qsort(list->entries, list->count, sizeof *list->entries, by_name);
  return true;
}

static bool compare(char *folder, struct list *list, struct altered *altered) {
  char *const roots[] = {folder, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
  if (walk == NULL) return false;
  const size_t before_name = strlen(folder) + 1;
  for (FTSENT *found; (found = fts_read(walk)) != NULL;) {
    if (found->fts_info == FTS_D || found->fts_info == FTS_DP) continue;
    const char *name = found->fts_level == FTS_ROOTLEVEL ? folder : found->fts_path + before_name;
    if (strcmp(name, LIST) == 0) continue;
    struct entry *listed =
        bsearch(&(struct entry){.name = name}, list->entries, list->count, sizeof *list->entries, by_name);
    char hash[DIGITS + 1];
    if (listed != NULL) listed->seen = true;
    if (listed == NULL || !hash_entry(found, hash) || strcmp(hash, listed->hash) != 0) note(altered, name);
  }
  const bool whole = errno == 0;
  fts_close(walk);
  for (size_t at = 0; at < list->count; at++)
    if (!list->entries[at].seen) note(altered, list->entries[at].name);
  return whole;
}

/* Whether it hears it or not: nothing is started. */
static void tell_guard(const struct altered *altered) {
  signal(SIGPIPE, SIG_IGN);
  const char *path = getenv("KAZASU_GUARD_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || strlen(path) >= sizeof address.sun_path) return;
  strcpy(address.sun_path, path);
  const int guard = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct timeval patience = {.tv_sec = GUARD_PATIENCE_SECONDS};
  if (guard == -1 || connect(guard, (struct sockaddr *)&address, sizeof address) != 0) return;
  setsockopt(guard, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  dprintf(guard, "{\"kind\":\"altered\",\"first\":\"%s\",\"count\":%zu}\n", altered->first, altered->count);
  /* It hangs up when it has read that. */
  shutdown(guard, SHUT_WR);
  char nothing[64];
  while (read(guard, nothing, sizeof nothing) > 0) continue;
}

int main(int argc, char **argv) {
  if (argc < 3 || strlen(argv[1]) != DIGITS) {
    fprintf(stderr, "usage: sealed SEAL PROGRAM [ARGUMENT...]\n");
    return EXIT_USAGE;
  }
  struct altered altered = {.count = 0};
  struct list list = {.count = 0};
  char *folder = dirname(strdup(argv[2]));
  char *path = NULL, hash[DIGITS + 1] = "";
  size_t length = 0;
  if (asprintf(&path, "%s/" LIST, folder) == -1) return EXIT_ALTERED;
  const char *bytes = map_file(path, &length);
  if (bytes != NULL) hash_bytes(bytes, length, hash);
  char *text = strcmp(hash, argv[1]) == 0 ? strndup(bytes, length) : NULL;
  if (text == NULL || !read_list(text, &list)) note(&altered, LIST);
  else if (errno = 0, !compare(folder, &list, &altered)) note(&altered, folder);
  if (altered.count == 0) {
    execv(argv[2], &argv[2]);
    fprintf(stderr, "sealed: %s cannot be started: %s\n", argv[2], strerror(errno));
    return EXIT_CANNOT_START;
  }
  tell_guard(&altered);
  return EXIT_ALTERED;
}
