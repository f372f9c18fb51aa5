/* What the parts of the small-input deflate share: symbols, code words and the bit writer. */
#ifndef AGORA_DEFLATE_INTERNAL_H
#define AGORA_DEFLATE_INTERNAL_H

#include <string.h>

#include "deflate.h"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AGORA_BIG_ENDIAN 1
#else
#define AGORA_BIG_ENDIAN 0
#endif

/* Every x86-64 has SSE2. AGORA_DEFLATE_PORTABLE is for tests of what other processors do. */
#if defined(__SSE2__) && !defined(AGORA_DEFLATE_PORTABLE)
#define AGORA_DEFLATE_SSE2 1
#include <emmintrin.h>
#else
#define AGORA_DEFLATE_SSE2 0
#endif

#define STORED_BLOCK 0
#define FIXED_BLOCK 1
#define DYNAMIC_BLOCK 2

#define END_OF_BLOCK 256
#define MIN_MATCH 3
#define MAX_MATCH 258

/* Index of the highest bit that is set; value is not 0. */
static inline unsigned highest_bit(uint32_t value)
{
#if defined(_MSC_VER)
    unsigned long index;
    _BitScanReverse(&index, value);
    return (unsigned)index;
#else
    return 31u ^ (unsigned)__builtin_clz(value);
#endif
}

static inline unsigned highest_bit64(uint64_t value)
{
    return value >> 32 ? 32 + highest_bit((uint32_t)(value >> 32)) : highest_bit((uint32_t)value);
}

/* Index of the lowest bit that is set; value is not 0. */
static inline unsigned lowest_bit(uint64_t value)
{
#if defined(_MSC_VER)
    unsigned long index;
    if (_BitScanForward(&index, (uint32_t)value))
        return (unsigned)index;
    _BitScanForward(&index, (uint32_t)(value >> 32));
    return (unsigned)index + 32;
#else
    return (unsigned)__builtin_ctzll(value);
#endif
}

/* Eight bytes, the first lowest. */
static inline uint64_t load64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
#if AGORA_BIG_ENDIAN
    value = __builtin_bswap64(value);
#endif
    return value;
}

static inline void store64(uint8_t *at, uint64_t value)
{
#if AGORA_BIG_ENDIAN
    value = __builtin_bswap64(value);
#endif
    memcpy(at, &value, 8);
}

/* A symbol of the length or distance code, and the bits that follow it. */
typedef struct {
    unsigned symbol;
    unsigned extra_bits;
    unsigned extra;
} coded_value;

static inline coded_value code_length(unsigned length)
{
    unsigned value = length - MIN_MATCH;
    unsigned bits = value < 8 ? 0 : highest_bit(value) - 2;
    coded_value coded = {257 + 4 * bits + (value >> bits), bits, value & ((1u << bits) - 1)};
    if (length == MAX_MATCH) { /* has a symbol to itself */
        coded.symbol = 285;
        coded.extra_bits = coded.extra = 0;
    }
    return coded;
}

static inline coded_value code_distance(unsigned distance)
{
    unsigned value = distance - 1;
    unsigned bits = value < 4 ? 0 : highest_bit(value) - 1;
    coded_value coded = {2 * bits + (value >> bits), bits, value & ((1u << bits) - 1)};
    return coded;
}

/* A code word as it is sent (first bit lowest), and above it, from bit 16, its length. */
typedef uint32_t code_word;

#define CODE_WORD(bits, length) ((code_word)(bits) | (code_word)(length) << 16)

extern const code_word agora_deflate_fixed_literals[AGORA_DEFLATE_LITERALS];
extern const code_word agora_deflate_fixed_distances[AGORA_DEFLATE_DISTANCES];

/* Bits on their way to memory: fewer than 8 between calls of flush_bits(). */
typedef struct {
    uint8_t *next;
    uint64_t bits;
    unsigned count;
} bit_writer;

static inline void put_bits(bit_writer *writer, uint64_t bits, unsigned count)
{
    writer->bits |= bits << writer->count;
    writer->count += count;
}

static inline void put_word(bit_writer *writer, code_word word)
{
    put_bits(writer, word & 0xffff, word >> 16);
}

/* Move whole bytes out; writes 8 bytes wherever it stands. At most 56 bits may come between two. */
static inline void flush_bits(bit_writer *writer)
{
    store64(writer->next, writer->bits);
    writer->next += writer->count >> 3;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

/* Fill up the last byte with zeros; returns the end of the output. */
static inline uint8_t *finish_bits(bit_writer *writer)
{
    writer->count = (writer->count + 7) & ~7u;
    flush_bits(writer);
    return writer->next;
}

/* parse.c: the literals and matches that zlib's level 6 makes of src. Fills
 * state->sequences and returns their number. */
size_t agora_deflate_parse(agora_deflate_state *state, const uint8_t *src, size_t n);

/* bound.c: what a bound needs of the distances counted in state. */
void agora_deflate_weigh_distances(agora_deflate_state *state, agora_deflate_distance_code *code);

/* Whether a dynamic block of the symbols counted in state certainly has `bits` bits or more,
 * without the bits that follow length and distance symbols. */
int agora_deflate_dynamic_has(agora_deflate_state *state,
                              const agora_deflate_distance_code *distances, size_t bits);
void agora_deflate_init_bound(agora_deflate_state *state);

/* trees.c: a dynamic block's codes, as zlib builds them. */
typedef struct {
    uint8_t literals[AGORA_DEFLATE_LITERALS];
    uint8_t distances[AGORA_DEFLATE_DISTANCES];
    uint8_t meta[19];        /* the code that the code lengths are sent in */
    unsigned literal_count;  /* code lengths sent for literals, 257..286 */
    unsigned distance_count; /* and for distances, 1..30 */
    unsigned meta_count;     /* and for their own code, 4..19 */
    uint8_t runs[AGORA_DEFLATE_LITERALS + AGORA_DEFLATE_DISTANCES][2]; /* symbol, repetition */
    unsigned run_count;
} dynamic_codes;

/* Build the code lengths; returns the bits of the block, without the three that begin it and the
 * bits that follow length and distance symbols. */
size_t agora_deflate_build_codes(dynamic_codes *codes, const uint16_t *literal_freq,
                                 const uint16_t *distance_freq);

/* The words that go with code lengths (RFC 1951, 3.2.2). */
void agora_deflate_assign_words(code_word *words, const uint8_t *lengths, unsigned count);

/* Write the code lengths: the head of a dynamic block. */
void agora_deflate_put_codes(bit_writer *writer, const dynamic_codes *codes);

/* deflate.c: whether a dynamic block of the symbols counted in state is shorter than `other` bytes,
 * of which extra_bits follow length and distance symbols; then its codes are built. */
int agora_deflate_dynamic_wins(agora_deflate_state *state,
                               const agora_deflate_distance_code *distances, dynamic_codes *codes,
                               size_t other, size_t extra_bits);

/* What a zlib stream begins and ends with; both return the end. */
static inline uint8_t *agora_deflate_put_header(uint8_t *dst)
{
    dst[0] = 0x78; /* a window of 32 KiB */
    dst[1] = 0x9c; /* the default level */
    return dst + 2;
}

static inline uint8_t *agora_deflate_put_check(uint8_t *dst, uint32_t adler32)
{
    for (int i = 0; i < 4; i++)
        dst[i] = (uint8_t)(adler32 >> (24 - 8 * i));
    return dst + 4;
}

#endif
