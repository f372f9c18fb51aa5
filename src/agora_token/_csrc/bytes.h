/* Integers to bytes, as single stores: from shifts, compilers make vector code that is slower. */
#ifndef AGORA_BYTES_H
#define AGORA_BYTES_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define AGORA_LITTLE(bits, value) (value)
#define AGORA_BIG(bits, value) __builtin_bswap##bits(value)
#elif defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AGORA_LITTLE(bits, value) __builtin_bswap##bits(value)
#define AGORA_BIG(bits, value) (value)
#elif defined(_MSC_VER) /* Windows is little-endian */
#include <stdlib.h>
#define AGORA_SWAP16 _byteswap_ushort
#define AGORA_SWAP32 _byteswap_ulong
#define AGORA_SWAP64 _byteswap_uint64
#define AGORA_LITTLE(bits, value) (value)
#define AGORA_BIG(bits, value) AGORA_SWAP##bits(value)
#else
#error "the byte order of this compiler's target is not known"
#endif

static inline void agora_store_le16(unsigned char *where, uint16_t value)
{
    value = AGORA_LITTLE(16, value);
    memcpy(where, &value, sizeof value);
}

static inline void agora_store_le32(unsigned char *where, uint32_t value)
{
    value = AGORA_LITTLE(32, value);
    memcpy(where, &value, sizeof value);
}

static inline void agora_store_be32(unsigned char *where, uint32_t value)
{
    value = AGORA_BIG(32, value);
    memcpy(where, &value, sizeof value);
}

static inline void agora_store_be64(unsigned char *where, uint64_t value)
{
    value = AGORA_BIG(64, value);
    memcpy(where, &value, sizeof value);
}

#endif
