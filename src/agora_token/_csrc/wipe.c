#include "wipe.h"

#include <string.h>

void agora_wipe(void *p, size_t n)
{
    /* The call goes through a volatile pointer, so that its effect is unknown to the compiler. */
    static void *(*const volatile fill)(void *, int, size_t) = memset;
    fill(p, 0, n);
}
