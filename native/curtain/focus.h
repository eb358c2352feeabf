/* Where the keyboard goes when nobody grabs it: to the curtain that does not hold, and afterwards back to who had it. */
#ifndef KAZASU_FOCUS_H
#define KAZASU_FOCUS_H
#include "cover.h"
#include "twin.h"

/* Nothing where the other curtain is to have it. */
void focus_take(const struct cover *cover, const struct twin *twin);

/* Looks and takes it; true when it is where it is to be. */
bool focus_keep(const struct cover *cover, const struct twin *twin);

/* Of the client that has it and is none of the curtains. */
void focus_remember(const struct cover *cover, const struct twin *twin);
void focus_give_back(const struct cover *cover, const struct twin *twin);
#endif
