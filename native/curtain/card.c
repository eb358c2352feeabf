#include "card.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHITE 0xf2f6fa
#define PALE 0xa9bccd
#define BAND 40

static uint32_t picture[CARD_WIDTH * CARD_HEIGHT];

void card_start(struct card *card, const char *glyphs) {
  memset(card, 0, sizeof *card);
  card->has_glyphs = glyphs_open(&card->glyphs, glyphs);
}

void card_label(struct card *card, const char *terminal, const char *helpdesk) {
  if (strcmp(card->terminal, terminal) == 0 && strcmp(card->helpdesk, helpdesk) == 0) return;
  strcpy(card->terminal, terminal);
  strcpy(card->helpdesk, helpdesk);
  card->minute = 0;
}

/* The next letter of UTF-8; what is not UTF-8 becomes U+FFFD, one byte at a time. */
static uint32_t next_code(const unsigned char **at) {
  const unsigned char first = *(*at)++;
  const int more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (first < 0x80) return first;
  if (more == 0 || first >= 0xf5) return 0xfffd;
  uint32_t code = first & (0x3fu >> more);
  for (int index = 0; index < more; index++) {
    if ((*at)[index] < 0x80 || (*at)[index] >= 0xc0) return 0xfffd;
    code = code << 6 | ((*at)[index] & 0x3fu);
  }
  *at += more;
  return code;
}

static uint32_t mix(uint32_t below, uint32_t above, uint32_t share) {
  uint32_t mixed = 0;
  for (int shift = 0; shift < 24; shift += 8) {
    const uint32_t from = below >> shift & 0xff, to = above >> shift & 0xff;
    mixed |= ((from * (255 - share) + to * share) / 255) << shift;
  }
  return mixed;
}

static void draw_glyph(const struct glyphs *glyphs, const struct glyph *glyph, int x, int baseline, uint32_t colour) {
  static uint8_t shades[LARGE_SIZE * LARGE_SIZE * 2];
  if (!glyphs_read(glyphs, glyph, shades)) return;
  for (int row = 0; row < glyph->height; row++) {
    for (int column = 0; column < glyph->width; column++) {
      const int to_x = x + glyph->left + column, to_y = baseline - glyph->top + row;
      if (to_x < 0 || to_x >= CARD_WIDTH || to_y < 0 || to_y >= CARD_HEIGHT) continue;
      uint32_t *pixel = &picture[to_y * CARD_WIDTH + to_x];
      *pixel = mix(*pixel, colour, shades[row * glyph->width + column]);
    }
  }
}

static void draw_line(const struct glyphs *glyphs, uint16_t size, const char *text, int baseline, uint32_t colour) {
  int width = 0;
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
    const struct glyph *glyph = glyphs_find(glyphs, size, next_code(&at));
    if (glyph != NULL) width += glyph->advance;
  }
  int x = width < CARD_WIDTH ? (CARD_WIDTH - width) / 2 : 0;
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
    const struct glyph *glyph = glyphs_find(glyphs, size, next_code(&at));
    if (glyph == NULL) continue;
    draw_glyph(glyphs, glyph, x, baseline, colour);
    x += glyph->advance;
  }
}

static void put(struct cover *cover, struct screen *screen) {
  if (screen->info->root_depth != 24) return;
  if (screen->card == XCB_NONE) {
    screen->card = xcb_generate_id(cover->x);
    xcb_create_pixmap(cover->x, 24, screen->card, screen->info->root, CARD_WIDTH, CARD_HEIGHT);
  }
  const xcb_gcontext_t context = xcb_generate_id(cover->x);
  xcb_create_gc(cover->x, context, screen->card, 0, NULL);
  for (int row = 0; row < CARD_HEIGHT; row += BAND) {
    const int rows = CARD_HEIGHT - row < BAND ? CARD_HEIGHT - row : BAND;
    xcb_put_image(cover->x, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->card, context, CARD_WIDTH, (uint16_t)rows, 0,
                  (int16_t)row, 0, 24, (uint32_t)(rows * CARD_WIDTH * 4), (const uint8_t *)&picture[row * CARD_WIDTH]);
  }
  xcb_free_gc(cover->x, context);
}

bool card_draw(struct card *card, struct cover *cover) {
  const time_t now = time(NULL);
  if (!card->has_glyphs || card->minute == now / 60) return false;
  card->minute = now / 60;
  for (size_t index = 0; index < sizeof picture / sizeof *picture; index++) picture[index] = BRAND_PIXEL;
  struct tm local;
  char text[2 * LONGEST_NAME + 80];
  localtime_r(&now, &local);
  strftime(text, sizeof text, "%H:%M", &local);
  draw_line(&card->glyphs, LARGE_SIZE, text, 150, WHITE);
  draw_line(&card->glyphs, MIDDLE_SIZE, "ロック中 Locked", 280, WHITE);
  draw_line(&card->glyphs, SMALL_SIZE, "お待ちください　Please wait", 370, PALE);
  draw_line(&card->glyphs, SMALL_SIZE, card->terminal, 450, PALE);
  if (card->helpdesk[0] != '\0') {
    snprintf(text, sizeof text, "お困りのとき　内線 %s", card->helpdesk);
    draw_line(&card->glyphs, SMALL_SIZE, text, 520, WHITE);
    snprintf(text, sizeof text, "Help: extension %s", card->helpdesk);
    draw_line(&card->glyphs, SMALL_SIZE, text, 580, WHITE);
  }
  for (int index = 0; index < cover->count; index++) put(cover, &cover->screens[index]);
  return true;
}
