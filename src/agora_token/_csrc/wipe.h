/* A memset that stays. */
#ifndef AGORA_WIPE_H
#define AGORA_WIPE_H

#include <stddef.h>

/* Overwrites n bytes with zeros; the compiler cannot leave it out. */
void agora_wipe(void *p, size_t n);

#endif
