#ifndef KAZASU_GLYPHS_H
#define KAZASU_GLYPHS_H
#include <stdbool.h>
#include <stdint.h>

/* A file of drawn letters, made at set-up by rasterise.c: the header, entries sorted by size and code, pictures. */
#define GLYPHS_MAGIC UINT32_C(0x314c474b)
#define SMALL_SIZE 40
#define MIDDLE_SIZE 72
#define LARGE_SIZE 144

struct glyphs_header {
  uint32_t magic, count;
};

struct glyph {
  uint32_t code;
  uint16_t size, width, height, advance;
  int16_t left, top;
  /* Of width * height bytes of coverage, from the beginning of the file. */
  uint32_t offset;
};

/* The file stays where it is: only what is drawn is read. */
struct glyphs {
  int file;
  uint32_t count;
  struct glyph *entries;
};

bool glyphs_open(struct glyphs *glyphs, const char *path);
/* NULL when the file has no such letter. */
const struct glyph *glyphs_find(const struct glyphs *glyphs, uint16_t size, uint32_t code);
/* False when the picture cannot be read. `out` has room for width * height. */
bool glyphs_read(const struct glyphs *glyphs, const struct glyph *glyph, uint8_t *out);
#endif
