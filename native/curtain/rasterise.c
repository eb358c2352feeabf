/* rasterise FONT OUT: draws the letters of glyphs.h once, at set-up, so that the curtain needs no font library. */
#include "glyphs.h"
#include <ft2build.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include FT_FREETYPE_H

#define MOST 20000

static struct glyph entries[MOST];
static uint8_t *pictures[MOST];
static uint32_t count;

static void add(FT_Face face, uint16_t size, uint32_t code) {
  for (uint32_t index = 0; index < count; index++)
    if (entries[index].size == size && entries[index].code == code) return;
  const FT_UInt glyph = FT_Get_Char_Index(face, code);
  if (glyph == 0 || count == MOST || FT_Load_Glyph(face, glyph, FT_LOAD_RENDER | FT_LOAD_NO_HINTING) != 0) return;
  const FT_GlyphSlot drawn = face->glyph;
  struct glyph *entry = &entries[count];
  *entry = (struct glyph){.code = code,
                          .size = size,
                          .width = (uint16_t)drawn->bitmap.width,
                          .height = (uint16_t)drawn->bitmap.rows,
                          .advance = (uint16_t)(drawn->advance.x >> 6),
                          .left = (int16_t)drawn->bitmap_left,
                          .top = (int16_t)drawn->bitmap_top};
  pictures[count] = malloc((size_t)entry->width * entry->height + 1);
  for (uint32_t row = 0; row < entry->height; row++)
    memcpy(pictures[count] + (size_t)row * entry->width, drawn->bitmap.buffer + (int)row * drawn->bitmap.pitch,
           entry->width);
  count++;
}

/* JIS X 0208, which holds the names of wards and people's desks, and Latin letters. */
static void add_japanese(FT_Face face, uint16_t size) {
  for (uint32_t code = 0x20; code < 0x7f; code++) add(face, size, code);
  const iconv_t convert = iconv_open("UTF-32LE", "EUC-JP");
  if (convert == (iconv_t)-1) return;
  for (int row = 0xa1; row <= 0xf4; row++) {
    for (int cell = 0xa1; cell <= 0xfe; cell++) {
      char in[2] = {(char)row, (char)cell};
      uint32_t out = 0;
      char *from = in, *to = (char *)&out;
      size_t left = sizeof in, room = sizeof out;
      if (iconv(convert, &from, &left, &to, &room) != (size_t)-1 && room == 0) add(face, size, out);
      iconv(convert, NULL, NULL, NULL, NULL);
    }
  }
  iconv_close(convert);
}

static int compare(const void *one, const void *other) {
  const struct glyph *left = &entries[*(const uint32_t *)one], *right = &entries[*(const uint32_t *)other];
  if (left->size != right->size) return left->size < right->size ? -1 : 1;
  return left->code < right->code ? -1 : left->code > right->code;
}

int main(int argc, char **argv) {
  FT_Library library;
  FT_Face face;
  if (argc != 3 || FT_Init_FreeType(&library) != 0 || FT_New_Face(library, argv[1], 0, &face) != 0) {
    fprintf(stderr, "rasterise: the font cannot be read\n");
    return 1;
  }
  static const uint32_t words[] = {0x30ed, 0x30c3, 0x30af, 0x4e2d};
  FT_Set_Pixel_Sizes(face, 0, MIDDLE_SIZE);
  for (uint32_t code = 0x20; code < 0x7f; code++) add(face, MIDDLE_SIZE, code);
  for (size_t index = 0; index < sizeof words / sizeof *words; index++) add(face, MIDDLE_SIZE, words[index]);
  FT_Set_Pixel_Sizes(face, 0, LARGE_SIZE);
  for (uint32_t code = '0'; code <= ':'; code++) add(face, LARGE_SIZE, code);
  FT_Set_Pixel_Sizes(face, 0, SMALL_SIZE);
  add_japanese(face, SMALL_SIZE);

  static uint32_t order[MOST];
  for (uint32_t index = 0; index < count; index++) order[index] = index;
  qsort(order, count, sizeof *order, compare);
  FILE *out = fopen(argv[2], "wb");
  if (out == NULL) return 1;
  const struct glyphs_header header = {GLYPHS_MAGIC, count};
  uint32_t offset = (uint32_t)(sizeof header + count * sizeof(struct glyph));
  fwrite(&header, sizeof header, 1, out);
  for (uint32_t index = 0; index < count; index++) {
    struct glyph *entry = &entries[order[index]];
    entry->offset = offset;
    offset += (uint32_t)entry->width * entry->height;
    fwrite(entry, sizeof *entry, 1, out);
  }
  for (uint32_t index = 0; index < count; index++) {
    const struct glyph *entry = &entries[order[index]];
    fwrite(pictures[order[index]], 1, (size_t)entry->width * entry->height, out);
  }
  FT_Done_FreeType(library);
  return fclose(out) == 0 && count > 6000 ? 0 : 1;
}
