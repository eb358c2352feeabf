#include "message.h"
#include <string.h>

struct cursor {
  const char *at;
  const char *end;
};

static void skip_space(struct cursor *in) {
  while (in->at < in->end && (*in->at == ' ' || *in->at == '\t')) in->at++;
}

static bool take(struct cursor *in, char wanted) {
  skip_space(in);
  if (in->at == in->end || *in->at != wanted) return false;
  in->at++;
  return true;
}

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/* A \u escape of the basic plane, as UTF-8; JSON.stringify writes others as they are. */
static int take_escape(struct cursor *in, char *out) {
  if (in->end - in->at < 4) return 0;
  unsigned code = 0;
  for (int index = 0; index < 4; index++) {
    const int digit = hex_digit(in->at[index]);
    if (digit < 0) return 0;
    code = code * 16 + (unsigned)digit;
  }
  in->at += 4;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 0;
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 0x3f)), 2;
  out[0] = (char)(0xe0 | code >> 12);
  out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
  out[2] = (char)(0x80 | (code & 0x3f));
  return 3;
}

static bool take_text(struct cursor *in, char *out, size_t size) {
  if (!take(in, '"')) return false;
  size_t length = 0;
  while (in->at < in->end) {
    const char next = *in->at++;
    if (next == '"') return out[length] = '\0', true;
    if ((unsigned char)next < 0x20) return false;
    char bytes[3] = {next};
    int count = 1;
    if (next == '\\') {
      if (in->at == in->end) return false;
      const char escaped = *in->at++;
      if (escaped == 'u') count = take_escape(in, bytes);
      else if (escaped == '"' || escaped == '\\' || escaped == '/') bytes[0] = escaped;
      else count = 0;
      if (count == 0) return false;
    }
    if (length + (size_t)count >= size) return false;
    memcpy(out + length, bytes, (size_t)count);
    length += (size_t)count;
  }
  return false;
}

/* Whole numbers up to 2^53 - 1, which both sides hold exactly. */
static bool take_number(struct cursor *in, uint64_t *out) {
  skip_space(in);
  const char *first = in->at;
  uint64_t value = 0;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
    value = value * 10 + (uint64_t)(*in->at++ - '0');
    if (value > (UINT64_C(1) << 53) - 1) return false;
  }
  if (in->at == first || (*first == '0' && in->at - first > 1)) return false;
  *out = value;
  return true;
}

/* A UUID of RFC 9562: one of its versions, and its variant. */
static bool is_lock(const char *text) {
  if (strlen(text) != LOCK_LENGTH) return false;
  for (int index = 0; index < LOCK_LENGTH; index++) {
    const bool dash = index == 8 || index == 13 || index == 18 || index == 23;
    if (dash ? text[index] != '-' : hex_digit(text[index]) < 0) return false;
  }
  return text[14] >= '1' && text[14] <= '8' && hex_digit(text[19]) >= 8 && hex_digit(text[19]) <= 11;
}

enum member { KIND = 1, LOCK = 2, SEQUENCE = 4, MILLISECONDS = 8, TERMINAL = 16, HELPDESK = 32 };

static const struct {
  const char *name;
  enum member member;
} members[] = {{"kind", KIND},          {"lock", LOCK},         {"sequence", SEQUENCE}, {"milliseconds", MILLISECONDS},
               {"terminal", TERMINAL}, {"helpdesk", HELPDESK}};

static const struct {
  const char *name;
  enum message_kind kind;
  unsigned members;
} kinds[] = {{"lease", MESSAGE_LEASE, KIND | LOCK | SEQUENCE | MILLISECONDS},
             {"cover", MESSAGE_COVER, KIND | LOCK},
             {"label", MESSAGE_LABEL, KIND | TERMINAL | HELPDESK}};

static enum member take_member(struct cursor *in, struct message *out, char *kind, size_t kind_size) {
  char name[16];
  if (!take_text(in, name, sizeof name) || !take(in, ':')) return 0;
  for (size_t index = 0; index < sizeof members / sizeof *members; index++) {
    if (strcmp(members[index].name, name) != 0) continue;
    const enum member member = members[index].member;
    bool good = false;
    switch (member) {
    case KIND: good = take_text(in, kind, kind_size); break;
    case LOCK: good = take_text(in, out->lock, sizeof out->lock) && is_lock(out->lock); break;
    case SEQUENCE: good = take_number(in, &out->sequence) && out->sequence > 0; break;
    case MILLISECONDS:
      good = take_number(in, &out->milliseconds) && out->milliseconds > 0 && out->milliseconds <= LONGEST_LEASE;
      break;
    case TERMINAL: good = take_text(in, out->terminal, sizeof out->terminal); break;
    case HELPDESK: good = take_text(in, out->helpdesk, sizeof out->helpdesk); break;
    }
    return good ? member : 0;
  }
  return 0;
}

bool message_parse(const char *line, size_t length, struct message *out) {
  struct cursor in = {line, line + length};
  char kind[16] = "";
  unsigned seen = 0;
  memset(out, 0, sizeof *out);
  if (length > LONGEST_LINE || !take(&in, '{')) return false;
  do {
    const enum member member = take_member(&in, out, kind, sizeof kind);
    if (member == 0 || (seen & member) != 0) return false;
    seen |= member;
  } while (take(&in, ','));
  if (!take(&in, '}')) return false;
  skip_space(&in);
  if (in.at != in.end) return false;
  for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
    if (strcmp(kinds[index].name, kind) != 0 || kinds[index].members != seen) continue;
    out->kind = kinds[index].kind;
    return true;
  }
  return false;
}
