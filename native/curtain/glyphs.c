#include "glyphs.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_GLYPHS 20000

bool glyphs_open(struct glyphs *glyphs, const char *path) {
  memset(glyphs, 0, sizeof *glyphs);
  glyphs->file = open(path, O_RDONLY | O_CLOEXEC);
  struct glyphs_header header;
  if (glyphs->file == -1 || pread(glyphs->file, &header, sizeof header, 0) != (ssize_t)sizeof header) return false;
  if (header.magic != GLYPHS_MAGIC || header.count > MOST_GLYPHS) return false;
  const size_t size = header.count * sizeof *glyphs->entries;
  glyphs->entries = malloc(size);
  if (glyphs->entries == NULL || pread(glyphs->file, glyphs->entries, size, sizeof header) != (ssize_t)size)
    return false;
  glyphs->count = header.count;
  return true;
}

const struct glyph *glyphs_find(const struct glyphs *glyphs, uint16_t size, uint32_t code) {
  uint32_t low = 0, high = glyphs->count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const struct glyph *at = &glyphs->entries[middle];
    if (at->size == size && at->code == code) return at;
    if (at->size < size || (at->size == size && at->code < code)) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

bool glyphs_read(const struct glyphs *glyphs, const struct glyph *glyph, uint8_t *out) {
  const size_t size = (size_t)glyph->width * glyph->height;
  return size <= LARGE_SIZE * LARGE_SIZE * 2 && pread(glyphs->file, out, size, glyph->offset) == (ssize_t)size;
}
