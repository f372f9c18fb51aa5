/* Base64 of RFC 4648, standard alphabet, padded. */
#ifndef AGORA_BASE64_H
#define AGORA_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Encodes n bytes and returns the characters written, 4 * ((n + 2) / 3), without a NUL. Reads and
   writes nothing beyond that. */
size_t agora_base64_encode(char *dst, const uint8_t *src, size_t n);

/* Decodes n characters and returns the bytes written, or -1 unless n is a multiple of 4, every
   character is in the alphabet and padding stands only at the end. `dst` has room for 3 * (n / 4)
   bytes, of which those past the result, or all after -1, are undefined. *canonical becomes 1 if
   encoding the result gives the same text, 0 if unused trailing bits are set. */
ptrdiff_t agora_base64_decode(uint8_t *dst, const char *src, size_t n, int *canonical);

/* The choice of kernel, as in sha256.h. */
int agora_base64_init(void);
const char *agora_base64_kernel(void);
int agora_base64_force(const char *name);
const char *agora_base64_kernel_name(size_t i);
int agora_base64_kernel_supported(size_t i);

#endif
