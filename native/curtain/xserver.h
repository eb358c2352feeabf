#ifndef KAZASU_XSERVER_H
#define KAZASU_XSERVER_H

/* The process of the X server of $DISPLAY as a pidfd: readable when it has ended; -1 when it cannot be found. */
int xserver_find(void);
/* Asks it to end, and ends it when it does not within a moment. What was on its screens is gone then. */
void xserver_end(int process);
#endif
