#if defined(__linux__)
#define _GNU_SOURCE /* madvise() */
#include <sys/mman.h>
#endif

#include "allocate.h"

#include <stdint.h>
#include <stdlib.h>

void *agora_allocate(size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    enum { HUGE_PAGE = 2 << 20 };

    if (size >= 2 * HUGE_PAGE && size <= SIZE_MAX - HUGE_PAGE) {
        size_t rounded = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        void *block = aligned_alloc(HUGE_PAGE, rounded);
        if (block != NULL)
            (void)madvise(block, rounded, MADV_HUGEPAGE); /* a wish; small pages do as well */
        return block;
    }
#endif
    return malloc(size);
}
