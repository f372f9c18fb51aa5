/* Adler-32, the check at the end of a zlib stream (RFC 1950). */
#ifndef AGORA_DEFLATE_ADLER32_H
#define AGORA_DEFLATE_ADLER32_H

#include "internal.h"

/* Eight bytes at a time, in four lanes of 16 bits: the top lane of a product has the sum of all
 * lanes, each with its weight. */
static inline uint32_t agora_adler32(const uint8_t *data, size_t n)
{
    const uint64_t lanes = 0x0001000100010001;
    uint64_t a = 1, b = 0;

    while (n > 0) {
        size_t chunk = n < 1 << 20 ? n : 1 << 20; /* b stays under 2^49 */
        n -= chunk;
        for (; chunk >= 8; chunk -= 8, data += 8) {
            uint64_t bytes = load64(data);
            uint64_t even = bytes & 0xff * lanes, odd = bytes >> 8 & 0xff * lanes;
            b += 8 * a + (even * 0x0008000600040002 >> 48) + (odd * 0x0007000500030001 >> 48);
            a += (even + odd) * lanes >> 48;
        }
        for (; chunk > 0; chunk--) {
            a += *data++;
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    return (uint32_t)(b << 16 | a);
}

#endif
