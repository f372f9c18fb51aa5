/* Memory for large results. */
#ifndef AGORA_ALLOCATE_H
#define AGORA_ALLOCATE_H

#include <stddef.h>

/* As malloc(), for free() and realloc(). A large block asks for huge pages: a column of tokens would
   otherwise spend a quarter of its time in page faults. */
void *agora_allocate(size_t size);

#endif
