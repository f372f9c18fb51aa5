/* Adler-32, the check at the end of a zlib stream (RFC 1950). */
#ifndef AGORA_DEFLATE_ADLER32_H
#define AGORA_DEFLATE_ADLER32_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t agora_adler32(const uint8_t *data, size_t n)
{
    uint32_t a = 1, b = 0;
    while (n > 0) {
        size_t chunk = n < 5552 ? n : 5552; /* the sums stay under 2^32 */
        n -= chunk;
        for (; chunk > 0; chunk--) {
            a += *data++;
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    return b << 16 | a;
}

#endif
