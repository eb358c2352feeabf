#ifndef KAZASU_EXITS_H
#define KAZASU_EXITS_H
/* How a curtain ends; sysexits.h where it has a word for it. */
enum { EXIT_USAGE = 64, EXIT_NO_DISPLAY = 69, EXIT_CANNOT_HOLD = 70, EXIT_RESIZED = 75, EXIT_CANNOT_START = 71, EXIT_ALTERED = 78 };
#endif
