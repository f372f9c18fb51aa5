/* CRC-32 as zlib computes it (reflected polynomial 0xedb88320). */
#ifndef AGORA_CRC32_H
#define AGORA_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 at the start) over n bytes, like zlib's crc32(). */
uint32_t agora_crc32(uint32_t crc, const uint8_t *p, size_t n);

/* The choice of kernel, as in sha256.h. */
int agora_crc32_init(void);
const char *agora_crc32_kernel(void);
int agora_crc32_force(const char *name);
const char *agora_crc32_kernel_name(size_t i);
int agora_crc32_kernel_supported(size_t i);

#endif
