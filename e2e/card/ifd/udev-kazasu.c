/*
 * Stands in for libudev under pcsc-lite's service (LD_PRELOAD), so that tests can plug and unplug virtual readers where
 * there is no USB. Only what pcscd calls is here. The folder named by KAZASU_READERS holds one file rNN.plugged for each
 * reader that is plugged in; making or removing the file is the event. The reader's device node is the path rNN.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define READERS 16
#define SUFFIX ".plugged"

struct device {
  char name[4];
  char node[PATH_MAX];
  char product[5];
  const char *action;
};

struct entry {
  char name[4];
  struct entry *next;
};

static int watch = -1;

static const char *folder(void) {
  const char *path = getenv("KAZASU_READERS");
  return path == NULL ? "/nonexistent" : path;
}

static struct device *device_of(const char *name, const char *action) {
  struct device *device = calloc(1, sizeof *device);
  if (device == NULL) return NULL;
  snprintf(device->name, sizeof device->name, "%.3s", name);
  snprintf(device->node, sizeof device->node, "%s/%s", folder(), device->name);
  snprintf(device->product, sizeof device->product, "00%.2s", device->name + 1);
  device->action = action;
  return device;
}

static int is_marker(const char *name) {
  return strlen(name) == 3 + strlen(SUFFIX) && name[0] == 'r' && strcmp(name + 3, SUFFIX) == 0;
}

void *udev_new(void) { return calloc(1, 1); }
void *udev_unref(void *udev) {
  free(udev);
  return NULL;
}

struct list {
  struct entry entries[READERS];
  int count;
};

void *udev_enumerate_new(void *udev) {
  (void)udev;
  return calloc(1, sizeof(struct list));
}
int udev_enumerate_add_match_subsystem(void *list, const char *subsystem) {
  (void)list;
  (void)subsystem;
  return 0;
}
int udev_enumerate_scan_devices(struct list *list) {
  struct dirent **found;
  int count = scandir(folder(), &found, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    if (is_marker(found[i]->d_name) && list->count < READERS) {
      struct entry *entry = &list->entries[list->count++];
      snprintf(entry->name, sizeof entry->name, "%.3s", found[i]->d_name);
      if (list->count > 1) entry[-1].next = entry;
    }
    free(found[i]);
  }
  if (count >= 0) free(found);
  return 0;
}
void *udev_enumerate_get_list_entry(struct list *list) { return list->count > 0 ? &list->entries[0] : NULL; }
void *udev_enumerate_unref(void *list) {
  free(list);
  return NULL;
}
void *udev_list_entry_get_next(struct entry *entry) { return entry->next; }
const char *udev_list_entry_get_name(struct entry *entry) { return entry->name; }

void *udev_device_new_from_syspath(void *udev, const char *path) {
  (void)udev;
  return device_of(path, NULL);
}
void *udev_device_unref(void *device) {
  free(device);
  return NULL;
}
const char *udev_device_get_action(struct device *device) { return device->action; }
const char *udev_device_get_devnode(struct device *device) { return device->node; }
const char *udev_device_get_sysname(struct device *device) { return device->name; }
void *udev_device_get_parent_with_subsystem_devtype(void *device, const char *subsystem, const char *type) {
  (void)subsystem;
  (void)type;
  return device;
}
const char *udev_device_get_sysattr_value(struct device *device, const char *attribute) {
  if (strcmp(attribute, "idVendor") == 0) return "f055";
  if (strcmp(attribute, "idProduct") == 0) return device->product;
  if (strcmp(attribute, "bInterfaceNumber") == 0) return "00";
  return NULL;
}

void *udev_monitor_new_from_netlink(void *udev, const char *name) {
  (void)udev;
  (void)name;
  watch = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch, folder(), IN_CREATE | IN_DELETE);
  return &watch;
}
int udev_monitor_filter_add_match_subsystem_devtype(void *monitor, const char *subsystem, const char *type) {
  (void)monitor;
  (void)subsystem;
  (void)type;
  return 0;
}
int udev_monitor_enable_receiving(void *monitor) {
  (void)monitor;
  return 0;
}
int udev_monitor_get_fd(void *monitor) {
  (void)monitor;
  return watch;
}
/* The room fits one event with a short name: the next one stays in the descriptor and wakes its reader again. */
void *udev_monitor_receive_device(void *monitor) {
  (void)monitor;
  union {
    struct inotify_event event;
    char room[sizeof(struct inotify_event) + 16];
  } got;
  if (read(watch, &got, sizeof got) < (ssize_t)sizeof(struct inotify_event)) return NULL;
  if (got.event.len == 0 || !is_marker(got.event.name)) return device_of("r99", "change");
  return device_of(got.event.name, got.event.mask & IN_CREATE ? "add" : "remove");
}
