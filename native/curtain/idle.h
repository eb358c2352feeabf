#ifndef KAZASU_IDLE_H
#define KAZASU_IDLE_H
#include "cover.h"

/* Milliseconds since anybody touched keyboard or pointer of this display; false where the server cannot say. */
bool idle_ask(struct cover *cover, uint64_t *milliseconds);
#endif
