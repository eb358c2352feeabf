#ifndef KAZASU_HARDEN_H
#define KAZASU_HARDEN_H
/* No swapping, no dumps, no new rights, last to be taken when memory ends; asking it to end does nothing. */
void harden(void);
#endif
