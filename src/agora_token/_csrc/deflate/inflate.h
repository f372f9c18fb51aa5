/* Inflate: one whole zlib stream (RFC 1950) from memory to memory, as strict as zlib. */
#ifndef AGORA_INFLATE_H
#define AGORA_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#define AGORA_INFLATE_MALFORMED (-1) /* not a zlib stream, or one that breaks the format's rules */
#define AGORA_INFLATE_TRUNCATED (-2) /* the input ends inside the stream */
#define AGORA_INFLATE_TOO_LARGE (-3) /* the output would be longer than cap */
#define AGORA_INFLATE_TRAILING (-4)  /* bytes follow the stream */
#define AGORA_INFLATE_CHECKSUM (-5)  /* the Adler-32 is not that of the output */

/* Build the tables of the fixed codes, before the first agora_inflate() and with no other thread
 * about. */
void agora_inflate_init(void);

/* Inflate the n bytes of src into dst, which has cap bytes and does not overlap src.  Returns the
 * bytes of output, or one of the negative codes above; dst then holds nothing of use.  Nothing is
 * read past src + n or written past dst + cap, whatever the input. */
ptrdiff_t agora_inflate(uint8_t *dst, size_t cap, const uint8_t *src, size_t n);

#endif
